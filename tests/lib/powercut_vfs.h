/* A disk that can lose power: an SQLite VFS over files in memory.
 *
 * A write is pending until its file is synced. When power is cut, each 512-byte sector of each pending write
 * survives or not, independently (lost, torn and reordered writes), a pending file size may or may not have
 * reached the disk, and a file whose directory entry was never synced may be gone. Power is cut at a chosen
 * step; every write, truncation, sync and deletion is a step. Not: a model of bit rot. Relies on: SQLite. One
 * thread. */
#ifndef FG_TESTS_LIB_POWERCUT_VFS_H
#define FG_TESTS_LIB_POWERCUT_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define FG_POWERCUT_VFS "powercut"

/* What survives of the pending writes: nothing, everything, or what the seed says. */
enum fg_powercut_mode { FG_POWERCUT_LOSE = 0, FG_POWERCUT_KEEP, FG_POWERCUT_RANDOM };

/* Registers the VFS (once) and empties the disk. */
void fg_powercut_format(void);

/* Cuts the power at the given step counted from now (1 = the next); 0 = never. */
void fg_powercut_arm(uint64_t step);
/* Has the power gone? Steps made since arming. */
bool fg_powercut_is_dead(void);
uint64_t fg_powercut_steps(void);

/* Remembers what the disk and its pending writes are now, and goes back to it. One memory only. */
void fg_powercut_save(void);
void fg_powercut_restore(void);
/* A second memory, for the moment of the cut. */
void fg_powercut_save_cut(void);
void fg_powercut_restore_cut(void);

/* Decides what survives and switches the power on again. All files must be closed. */
void fg_powercut_restart(enum fg_powercut_mode mode, uint64_t seed);

#endif
