/* Implementation of safety.h. */
#include "firmware/journal/safety.h"

/* A fill that a power cut ended says nothing of the meter's health. */
static void ended_take(struct fg_fill_kept *kept, const struct fg_entry *entry, uint32_t zero_fill_g)
{
    if (entry->stop == FG_STOP_POWER_LOST)
        return;
    if (entry->stop != FG_STOP_NOT_PLAUSIBLE && entry->quantity_g >= (int64_t)zero_fill_g)
        kept->zero_fills = 0;
    else if (kept->zero_fills < UINT32_MAX)
        kept->zero_fills++;
}

static void event_take(struct fg_fill_kept *kept, uint8_t event)
{
    switch (event) {
    case FG_EVENT_LOCK_OUT:
        kept->locked_out = true;
        break;
    case FG_EVENT_LOCK_OUT_CLEARED:
        kept->locked_out = false;
        kept->zero_fills = 0;
        break;
    case FG_EVENT_FLOW_WITHOUT_AUTHORITY:
        kept->alarm_flow = true;
        break;
    case FG_EVENT_VALVE_FAULT:
        kept->alarm_valve = true;
        break;
    default:
        break;
    }
}

void fg_safety_take(struct fg_fill_kept *kept, const struct fg_entry *entry, uint32_t zero_fill_g)
{
    if (entry->kind == FG_ENTRY_AUTHORISED) { /* nothing is authorised while an alarm is on */
        kept->alarm_flow = false;
        kept->alarm_valve = false;
    } else if (entry->kind == FG_ENTRY_ENDED) {
        ended_take(kept, entry, zero_fill_g);
    } else if (entry->kind == FG_ENTRY_EVENT) {
        event_take(kept, entry->event);
    }
    if (entry->meter_state == FG_READING_GOOD) {
        kept->inventory_known = true;
        kept->inventory_g = entry->inventory_g;
    }
}
