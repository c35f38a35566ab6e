/* Interpolation of the isochore table and the mass limit (limits.h). Integer arithmetic: kPa and 0.1 degC fit
 * 64 bits with room to spare. Source of the table: GERG-2008 (ISO 20765-2) as computed by the reference
 * implementation usnistgov/AGA8; the test compares it with tests/data/cng_isochore.csv point by point. */
#include "firmware/core/limits.h"

#define TEMPERATURE_MIN_DC (-400)
#define TEMPERATURE_STEP_DC 50
#define POINTS 22
#define NOMINAL_LOW_KPA 20000
#define NOMINAL_HIGH_KPA 25000

/* 0.1 kPa, from -40 to 65 degC in steps of 5. */
static const int32_t isochores_hpa[FG_GAS_COUNT][2][POINTS] = {
    [FG_GAS_METHANE] = {{109597, 117142, 124688, 132235, 139780, 147324, 154864, 162400,
                         169932, 177458, 184978, 192493, 200000, 207500, 214994, 222479,
                         229957, 237427, 244889, 252343, 259789, 267227},
                        {129169, 139213, 149273, 159343, 169421, 179503, 189586, 199667,
                         209746, 219819, 229887, 239948, 250000, 260044, 270077, 280101,
                         290114, 300116, 310106, 320085, 330052, 340006}},
    [FG_GAS_NATURAL] = {{102827, 110892, 118972, 127064, 135163, 143268, 151375, 159484,
                         167593, 175700, 183804, 191904, 200000, 208090, 216175, 224253,
                         232324, 240388, 248445, 256493, 264534, 272566},
                        {120693, 131381, 142103, 152853, 163624, 174408, 185203, 196003,
                         206806, 217610, 228411, 239208, 250000, 260785, 271562, 282329,
                         293087, 303835, 314571, 325295, 336007, 346706}},
};

/* Between a and b at part/whole of the way; rounded down, which is the safe side for a limit. */
static int64_t interpolate(int64_t a, int64_t b, int64_t part, int64_t whole)
{
    return a + (b - a) * part / whole;
}

static int64_t isochore_hpa(const int32_t points_hpa[POINTS], int32_t temperature_dc)
{
    int32_t offset_dc = temperature_dc - TEMPERATURE_MIN_DC;
    int32_t index = offset_dc / TEMPERATURE_STEP_DC;

    if (index >= POINTS - 1)
        return points_hpa[POINTS - 1];
    return interpolate(points_hpa[index], points_hpa[index + 1], offset_dc % TEMPERATURE_STEP_DC,
                       TEMPERATURE_STEP_DC);
}

uint32_t fg_limit_pressure_kpa(enum fg_gas gas, uint32_t nominal_kpa, int32_t temperature_dc)
{
    int32_t temperature_max_dc = TEMPERATURE_MIN_DC + (POINTS - 1) * TEMPERATURE_STEP_DC;
    int64_t low_hpa;
    int64_t high_hpa;
    int64_t limit_kpa;
    int64_t cap_kpa;

    if ((unsigned)gas >= FG_GAS_COUNT || nominal_kpa < NOMINAL_LOW_KPA || nominal_kpa > NOMINAL_HIGH_KPA)
        return 0;
    if (temperature_dc < TEMPERATURE_MIN_DC || temperature_dc > temperature_max_dc)
        return 0;
    low_hpa = isochore_hpa(isochores_hpa[gas][0], temperature_dc);
    high_hpa = isochore_hpa(isochores_hpa[gas][1], temperature_dc);
    limit_kpa = interpolate(low_hpa, high_hpa, (int64_t)nominal_kpa - NOMINAL_LOW_KPA,
                            NOMINAL_HIGH_KPA - NOMINAL_LOW_KPA) /
                10;
    cap_kpa = (int64_t)nominal_kpa * 5 / 4;
    return (uint32_t)(limit_kpa < cap_kpa ? limit_kpa : cap_kpa);
}

enum fg_stop fg_limit_pressure_stop(enum fg_gas gas, uint32_t nominal_kpa, int64_t pressure_kpa,
                                    int64_t temperature_dc, int32_t temperature_max_dc)
{
    uint32_t limit_kpa;

    if (pressure_kpa * 4 > (int64_t)nominal_kpa * 5)
        return FG_STOP_OVER_PRESSURE;
    if (temperature_dc > temperature_max_dc)
        return FG_STOP_OVER_TEMPERATURE;
    if (temperature_dc < INT32_MIN)
        return FG_STOP_NOT_PLAUSIBLE;
    limit_kpa = fg_limit_pressure_kpa(gas, nominal_kpa, (int32_t)temperature_dc);
    if (limit_kpa == 0)
        return FG_STOP_NOT_PLAUSIBLE;
    return pressure_kpa >= (int64_t)limit_kpa ? FG_STOP_TARGET_REACHED : FG_STOP_NONE;
}

uint32_t fg_limit_gross_g(uint32_t tare_g, uint32_t maximum_fill_g)
{
    if (tare_g == 0 || maximum_fill_g == 0 || tare_g > UINT32_MAX - maximum_fill_g)
        return 0;
    return tare_g + maximum_fill_g;
}

bool fg_limit_is_below_tare(int64_t scale_g, uint32_t tare_g, uint32_t below_max_g)
{
    return scale_g + (int64_t)below_max_g < (int64_t)tare_g;
}
