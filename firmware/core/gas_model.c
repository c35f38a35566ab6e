/* The table of gas_model.h and its interpolation. Integer arithmetic: kPa and 0.01 g/L fit 64 bits with room
 * to spare. */
#include "firmware/core/gas_model.h"

#define TEMPERATURES 4
#define TEMPERATURE_STEP_DC 350
#define DENSITIES 29
#define DENSITY_STEP_CG_L 1000
_Static_assert(FG_GAS_TEMPERATURE_MIN_DC + (TEMPERATURES - 1) * TEMPERATURE_STEP_DC ==
                   FG_GAS_TEMPERATURE_MAX_DC,
               "the columns end where the header says");
_Static_assert((DENSITIES - 1) * DENSITY_STEP_CG_L == FG_GAS_DENSITY_MAX_CG_L, "and so do the rows");

/* kPa at -40, -5, 30 and 65 degC, each for 0, 10, ... 280 kg/m3. Computed with GERG-2008 (ISO 20765-2),
 * reference implementation usnistgov/AGA8; natural gas is the mixture of tests/data/cng_isochore.csv. Between
 * the points the straight line is within 65 kPa and 0.3 kg/m3 of it up to 40 MPa. */
static const int32_t pressures_kpa[FG_GAS_COUNT][TEMPERATURES][DENSITIES] = {
    [FG_GAS_METHANE] = {{0,     1152,  2199,  3149,  4011,  4795,  5511,  6166,  6771,  7334,
                         7864,  8370,  8859,  9342,  9827,  10323, 10841, 11395, 11997, 12663,
                         13411, 14263, 15247, 16393, 17736, 19317, 21182, 23385, 25986},
                        {0,     1343,  2598,  3774,  4880,  5924,  6916,  7864,  8778,  9666,
                         10539, 11404, 12274, 13157, 14066, 15013, 16012, 17079, 18232, 19491,
                         20880, 22425, 24156, 26109, 28322, 30841, 33715, 37001, 40764},
                        {0,     1533,  2993,  4392,  5735,  7034,  8296,  9531,  10749, 11959,
                         13171, 14396, 15646, 16933, 18270, 19674, 21160, 22747, 24456, 26311,
                         28339, 30570, 33037, 35779, 38838, 42264, 46109, 50434, 55306},
                        {0,     1722,  3387,  5004,  6583,  8132,  9661,  11179, 12696, 14224,
                         15774, 17356, 18985, 20675, 22441, 24300, 26272, 28377, 30639, 33085,
                         35745, 38650, 41839, 45353, 49237, 53543, 58328, 63654, 69592}},
    [FG_GAS_NATURAL] = {{0,     1057,  2013,  2876,  3656,  4360,  4996,  5572,  6097,  6578,
                         7023,  7440,  7835,  8215,  8588,  8960,  9339,  9734,  10153, 10607,
                         11107, 11666, 12300, 13030, 13880, 14876, 16050, 17437, 19077},
                        {0,     1231,  2379,  3450,  4453,  5395,  6284,  7128,  7933,  8709,
                         9462,  10200, 10931, 11664, 12407, 13169, 13960, 14791, 15676, 16628,
                         17662, 18797, 20053, 21454, 23028, 24804, 26818, 29108, 31718},
                        {0,     1405,  2742,  4017,  5237,  6411,  7546,  8649,  9730,  10794,
                         11851, 12910, 13979, 15067, 16186, 17345, 18558, 19838, 21199, 22659,
                         24236, 25952, 27830, 29898, 32184, 34723, 37553, 40715, 44257},
                        {0,     1579,  3102,  4578,  6012,  7414,  8791,  10151, 11501, 12852,
                         14211, 15588, 16993, 18437, 19931, 21490, 23125, 24853, 26692, 28660,
                         30778, 33070, 35563, 38286, 41272, 44556, 48181, 52189, 56631}},
};

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value > most ? most : value;
}

/* Pressure of one density of the table at a temperature within it. */
static int64_t row_kpa(enum fg_gas gas, int row, int64_t temperature_dc)
{
    int64_t offset_dc = temperature_dc - FG_GAS_TEMPERATURE_MIN_DC;
    int64_t column = clamp(offset_dc / TEMPERATURE_STEP_DC, 0, TEMPERATURES - 2);
    int64_t low_kpa = pressures_kpa[gas][column][row];
    int64_t high_kpa = pressures_kpa[gas][column + 1][row];

    return low_kpa + (high_kpa - low_kpa) * (offset_dc - column * TEMPERATURE_STEP_DC) / TEMPERATURE_STEP_DC;
}

int64_t fg_gas_model_pressure_kpa(enum fg_gas gas, int64_t density_cg_l, int64_t temperature_dc)
{
    int64_t density = clamp(density_cg_l, 0, FG_GAS_DENSITY_MAX_CG_L);
    int64_t temperature = clamp(temperature_dc, FG_GAS_TEMPERATURE_MIN_DC, FG_GAS_TEMPERATURE_MAX_DC);
    int row = (int)clamp(density / DENSITY_STEP_CG_L, 0, DENSITIES - 2);
    int64_t low_kpa;
    int64_t high_kpa;

    if ((unsigned)gas >= FG_GAS_COUNT)
        return 0;
    low_kpa = row_kpa(gas, row, temperature);
    high_kpa = row_kpa(gas, row + 1, temperature);
    return low_kpa + (high_kpa - low_kpa) * (density - (int64_t)row * DENSITY_STEP_CG_L) / DENSITY_STEP_CG_L;
}

int64_t fg_gas_model_density_cg_l(enum fg_gas gas, int64_t pressure_kpa, int64_t temperature_dc)
{
    int64_t temperature = clamp(temperature_dc, FG_GAS_TEMPERATURE_MIN_DC, FG_GAS_TEMPERATURE_MAX_DC);
    int64_t low_kpa = 0;

    if ((unsigned)gas >= FG_GAS_COUNT || pressure_kpa <= 0)
        return 0;
    for (int row = 1; row < DENSITIES; row++) {
        int64_t high_kpa = row_kpa(gas, row, temperature);

        if (pressure_kpa <= high_kpa)
            return (int64_t)(row - 1) * DENSITY_STEP_CG_L +
                   (pressure_kpa - low_kpa) * DENSITY_STEP_CG_L / (high_kpa - low_kpa);
        low_kpa = high_kpa;
    }
    return FG_GAS_DENSITY_MAX_CG_L;
}

int64_t fg_gas_model_mass_g(int64_t density_cg_l, uint32_t water_capacity_dl)
{
    return density_cg_l * (int64_t)water_capacity_dl / 1000;
}
