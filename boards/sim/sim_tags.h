/* The commands about tags and the reader: make a tag, write it, put it into the field, take it away.
 *
 * Not: the PN532's protocol (pn532.h). Relies on: sim.h, proto/point/tag.h. Each is a command of script.h. */
#ifndef FG_BOARDS_SIM_SIM_TAGS_H
#define FG_BOARDS_SIM_SIM_TAGS_H

#include "boards/sim/sim.h"

enum fg_err fg_sim_do_tag(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error);
enum fg_err fg_sim_do_present(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error);
enum fg_err fg_sim_do_remove(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error);
enum fg_err fg_sim_do_swap(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error);
enum fg_err fg_sim_reader_fault(struct fg_sim *sim, const struct fg_script_line *line,
                                struct fg_error *error);

#endif
