/* Lying instruments (signal_faults.h). */
#include "boards/sim/plant/signal_faults.h"

#include <string.h>

enum fg_signal fg_signal_fault_signal(const char *name)
{
    static const char *const names[FG_SIM_NUMBERS] = {"pressure", "temperature", "flow",
                                                      "total",    "inventory",   "scale"};
    unsigned i = 0;

    while (i < FG_SIM_NUMBERS && strcmp(names[i], name) != 0)
        i++;
    return (enum fg_signal)i;
}

enum fg_signal_fault_kind fg_signal_fault_kind(const char *name)
{
    static const char *const names[] = {"", "frozen", "zero", "absurd", "lie"};

    for (unsigned i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return (enum fg_signal_fault_kind)i;
    }
    return FG_SIGNAL_FAULT_NONE;
}

double fg_signal_fault_apply(struct fg_signal_faults *faults, enum fg_signal signal, double true_value,
                             bool is_last)
{
    struct fg_signal_fault *fault = &faults->of[signal];
    uint8_t kind = fault->kind;

    if (kind == FG_SIGNAL_FAULT_FROZEN) {
        if (!fault->frozen_known)
            fault->frozen = true_value;
        fault->frozen_known = true;
        return fault->frozen;
    }
    if (kind == FG_SIGNAL_FAULT_LIE)
        return true_value * (double)fault->percent / 100.0;
    if (kind == FG_SIGNAL_FAULT_NONE || fault->left <= 0)
        return true_value;
    fault->left -= is_last ? 1 : 0;
    return kind == FG_SIGNAL_FAULT_ZERO ? 0.0 : true_value * 4.0 + 1000.0;
}
