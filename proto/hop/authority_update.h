/* Changes of authorities, fetched and kept: the file of authorities that everything is proven against
 * (ca.pem) is replaced whole, and says in its first line which change wrote it.
 *
 * A hop that hands changes on keeps them beside the file, in a folder named like it with ".changes" at the
 * end, each under its version. Not: when a change is good (authority_change.h), when to ask. Relies on: POSIX
 * files, https_client.h. One process writes a file. */
#ifndef FG_PROTO_HOP_AUTHORITY_UPDATE_H
#define FG_PROTO_HOP_AUTHORITY_UPDATE_H

#include "proto/hop/authority_change.h"

#define FG_AUTHORITY_UPDATE_MAX 32  /* changes taken at once */
#define FG_AUTHORITY_FOLDER_MAX 256 /* files that are looked at in the folder */
#define FG_AUTHORITY_PATH_BYTES 560

/* Takes one change into the file at ca_path, durably; keeps: into the folder as well. *ret_version is then in
 * force. Errors as fg_authority_change_judge and fg_authority_read; FG_E_IO, FG_E_SIZE. */
enum fg_err fg_authority_change_take(const char *ca_path, const uint8_t *bytes, size_t length, bool keeps,
                                     uint64_t *ret_version, struct fg_error *error);

/* The kept change with the lowest version above after; buffer has FG_AUTHORITY_CHANGE_BYTES_MAX bytes.
 * FG_E_NOT_FOUND: there is none; FG_E_IO; FG_E_FULL: too many files. Any thread and process. */
enum fg_err fg_authority_change_kept(const char *ca_path, uint64_t after, uint8_t *buffer, size_t *ret_length,
                                     struct fg_error *error);

struct fg_authority_update {
    uint32_t taken;   /* changes that came into force */
    uint64_t version; /* in force then; 0: none yet */
    bool answered;    /* the last question was answered, with whatever: the connection works */
};

/* Takes what the hop has of newer changes. settings are those that https was made from, with ca_path; when
 * the hop's certificate is not good by what is in force here, it is asked once more over a connection that
 * proves nothing: a change proves itself, and it may be what is missing. The caller then makes its connection
 * anew. *ret_update is set also on an error. A change that is not good is an error with answered true. */
enum fg_err fg_authority_update(struct fg_https *https, const struct fg_https_settings *settings, bool keeps,
                                struct fg_authority_update *ret_update, struct fg_error *error);

/* Of the own certificate (PEM) and the authorities in force: should another one be asked for? True when a
 * change is in force and its first authority, which issues now, did not issue this one. FG_E_AUTH: none in
 * force issued it, so that nobody takes it any longer; errors of fg_authority_read, fg_authority_place. */
enum fg_err fg_authority_outgrown(const char *ca_path, const char *certificate_path, bool *ret_outgrown,
                                  struct fg_error *error);

#endif
