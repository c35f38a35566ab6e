/* The operations of a patch, shared by its maker and its reader. Private to bucket_patch*.c. */
#ifndef FG_PROTO_LIST_BUCKET_PATCH_PRIVATE_H
#define FG_PROTO_LIST_BUCKET_PATCH_PRIVATE_H

/* An operation begins with the number of old rows that are taken over unchanged before it, times four, plus
 * its kind. */
#define FG_PATCH_KIND_BITS 2
enum fg_patch_kind {
    FG_PATCH_CHANGE = 0, /* hunks on the next old row */
    FG_PATCH_INSERT = 1, /* length and bytes of a new row */
    FG_PATCH_DELETE = 2, /* the next old row goes */
    FG_PATCH_NEAR = 3,   /* a new row, as hunks on the row just put out (none yet: on the next old row) */
};

#endif
