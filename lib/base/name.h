/* How long a name may be: the ids of controllers, stations, owners, operators and lists.
 *
 * Apart from the other bounds (types.h), since settings have names as well. Relies on: nothing. */
#ifndef FG_LIB_BASE_NAME_H
#define FG_LIB_BASE_NAME_H

#define FG_NAME_MAX 31 /* characters, without the final NUL */

#endif
