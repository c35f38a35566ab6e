/* The control socket's server side: listens, takes packets of any client, gives each request to a handler.
 *
 * Never blocks: a client that does not read its answer, sends nonsense or never sends anything costs a
 * connection slot until it is dropped, nothing else. Not: what requests do (session.h). One thread. Relies
 * on: proto/point/control.h, POSIX sockets. */
#ifndef FG_FIRMWARE_CONTROLLER_CONTROL_SERVER_H
#define FG_FIRMWARE_CONTROLLER_CONTROL_SERVER_H

#include <poll.h>
#include <sys/types.h>

#include "proto/point/control.h"

#define FG_CONTROL_CLIENTS_MAX 16
#define FG_CONTROL_POLLS (FG_CONTROL_CLIENTS_MAX + 1)

struct fg_control_server;

/* Carries out one request and fills the answer. */
typedef void (*fg_control_handler)(void *context, const struct fg_control_request *request,
                                   struct fg_control_answer *ret_answer);

/* Listens at path with mode 0660. A socket file that nobody serves any more is replaced; FG_E_EXISTS when
 * another controller answers there or something else has this name. */
enum fg_err fg_control_server_new(const char *path, fg_control_handler handler, void *context,
                                  struct fg_control_server **ret_server, struct fg_error *error);

/* Fills ret_polls (room for FG_CONTROL_POLLS) with what to wait for and returns how many. */
size_t fg_control_server_polls(const struct fg_control_server *server, struct pollfd *ret_polls);

/* Serves whatever is ready; to be called after every poll. When all slots are taken, the client that has been
 * idle longest makes room for a new one. */
void fg_control_server_serve(struct fg_control_server *server);

/* The user (SO_PEERCRED) whose request is being handled; to be asked only from within the handler. */
uid_t fg_control_server_asker(const struct fg_control_server *server);

/* Closes everything and removes the socket file. server may be NULL. */
void fg_control_server_free(struct fg_control_server *server);

#endif
