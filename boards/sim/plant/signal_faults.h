/* What an instrument of the simulated point says instead of the truth: frozen, one wrong answer, or always
 * too much or too little. The plant itself goes on as it is.
 *
 * Not: faults of the bus or of a whole device (plant_model.h). Pure. Relies on: lib/domain/types.h. */
#ifndef FG_BOARDS_SIM_PLANT_SIGNAL_FAULTS_H
#define FG_BOARDS_SIM_PLANT_SIGNAL_FAULTS_H

#include "lib/domain/types.h"

#define FG_SIM_NUMBERS FG_SIGNAL_VALVE_OPEN /* the signals that are numbers come first */

enum fg_signal_fault_kind {
    FG_SIGNAL_FAULT_NONE = 0,
    FG_SIGNAL_FAULT_FROZEN, /* goes on saying what it says first */
    FG_SIGNAL_FAULT_ZERO,   /* the next answers say 0 */
    FG_SIGNAL_FAULT_ABSURD, /* the next answers say four times as much and a thousand */
    FG_SIGNAL_FAULT_LIE,    /* says so many per cent of the truth */
};

struct fg_signal_fault {
    uint8_t kind;      /* enum fg_signal_fault_kind */
    int64_t left;      /* ZERO, ABSURD: answers that are still to be wrong */
    int64_t percent;   /* LIE */
    bool frozen_known; /* FROZEN */
    double frozen;
};

struct fg_signal_faults {
    struct fg_signal_fault of[FG_SIM_NUMBERS];
};

/* The signal and the kind that a command names; FG_SIM_NUMBERS, FG_SIGNAL_FAULT_NONE when there is none. */
enum fg_signal fg_signal_fault_signal(const char *name);
enum fg_signal_fault_kind fg_signal_fault_kind(const char *name);

/* What the instrument says for true_value. is_last: the last register of the value is being read, so that one
 * answer is over. */
double fg_signal_fault_apply(struct fg_signal_faults *faults, enum fg_signal signal, double true_value,
                             bool is_last);

#endif
