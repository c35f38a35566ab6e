/* What both back ends and the migrations look for in the text of a statement.
 *
 * Not: a parser of SQL. Relies on: the dialect that both databases share (sql.h). Any thread. */
#ifndef FG_HOST_SQL_SQL_TEXT_H
#define FG_HOST_SQL_SQL_TEXT_H

#include <stddef.h>

/* How long the phrase COLLATE "C" is that text begins with; 0 = it begins with something else. */
size_t fg_sql_collation_at(const char *text);

/* The largest $N of a text; 0 = none. Quoted texts are passed over. */
unsigned fg_sql_parameters_of(const char *text);

#endif
