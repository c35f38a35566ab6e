/* What is held to the reader: whether a tag is there, whether it is still the same, and what is due with it.
 *
 * Not: whose tag it is (tag_identity.h, operator.h) and what is decided on it (decide.h). Pure: reports and
 * time in, changes out. One thread. Relies on: core/presence.h, reader/watch.h. */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_TAG_WATCH_H
#define FG_FIRMWARE_CONTROLLER_DECISION_TAG_WATCH_H

#include "firmware/core/presence.h"
#include "firmware/reader/watch.h"

/* Written by tag_watch.c alone; others read. Zero-initialise, then fg_tag_watch_start. */
struct fg_tag_watch {
    struct fg_presence_settings settings;
    struct fg_presence presence; /* uid.length 0: nothing in the field */
    struct fg_reader_report tag; /* newest memory read; valid for tag.uid */
    bool fresh;                  /* read since the tag arrived */
    bool done;                   /* decided on, or part of a fill: must leave before it is scanned again */
    bool refused;                /* the last decision was about what is in the field now, and it was no */
    bool card_looked_for;        /* whether the tag at the reader is an operator's card was found out */
    bool two_in_field;           /* the newest poll saw more than one */
    bool two_told;
    bool unread;                /* scanned although it could not be read: scanned again when it can be */
    bool read_wanted;           /* the reader is to read it again */
    int64_t read_asked_mono_ms; /* or, later, when the tag arrived */
    bool reader_up;
    char reader_text[96]; /* why the reader is not up; empty when it is */
};

/* A change of presence, seen by a fill that is under way (none under way: SAME is not told). */
enum fg_tag_change { FG_TAG_UNCHANGED = 0, FG_TAG_SAME, FG_TAG_OTHER, FG_TAG_GONE };

/* What is to be done with the tag in the field. */
enum fg_tag_due {
    FG_TAG_DUE_NOTHING = 0,
    FG_TAG_DUE_TWO,  /* refuse: more than one tag */
    FG_TAG_DUE_CARD, /* find out whether it is an operator's card; told once per arrival */
    FG_TAG_DUE_SCAN, /* scan the tag that `tag` holds; told once per arrival */
};

void fg_tag_watch_start(struct fg_tag_watch *watch, const struct fg_presence_settings *settings);

/* Takes one report. fill_uid: the tag of the fill under way (length 0: a fill without a tag), NULL: none. */
enum fg_tag_change fg_tag_watch_report(struct fg_tag_watch *watch, const struct fg_reader_report *report,
                                       const struct fg_uid *fill_uid, int64_t now_mono_ms);

/* To be called at least every 20 ms: a reader that says nothing sees no tag. */
enum fg_tag_change fg_tag_watch_tick(struct fg_tag_watch *watch, const struct fg_uid *fill_uid,
                                     int64_t now_mono_ms);

/* What is due. To be asked only when a scan may be decided on, and again until it says NOTHING. */
enum fg_tag_due fg_tag_watch_due(struct fg_tag_watch *watch, int64_t now_mono_ms);

/* The tag in the field is scanned again, once the reader has read it again: what it read before does not
 * count. */
void fg_tag_watch_scan_again(struct fg_tag_watch *watch, int64_t now_mono_ms);

/* Is the reader to be asked to read the tag again? Told once per wish: *ret_uid is the tag. */
bool fg_tag_watch_wants_reading(struct fg_tag_watch *watch, struct fg_uid *ret_uid, int64_t now_mono_ms);

/* What is in the field now is done with: it must leave before it is scanned. */
void fg_tag_watch_done(struct fg_tag_watch *watch);

/* The last decision was, or was not, a refusal of what is in the field now. */
void fg_tag_watch_refused(struct fg_tag_watch *watch, bool refused);

/* The memory of the tag in the field, NULL when there is none or it was not read. */
const struct fg_reader_report *fg_tag_watch_memory(const struct fg_tag_watch *watch);

bool fg_tag_watch_is_present(const struct fg_tag_watch *watch);

#endif
