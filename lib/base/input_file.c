/* Implementation of input_file.h. */
#include "lib/base/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum fg_err fg_input_file_open(const char *path, const char *kind, struct fg_input_file *ret_file,
                               struct fg_error *error)
{
    struct stat status;
    FILE *stream;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(fd);
        return fg_fail(error, FG_E_FORMAT, "%s: not a regular file", path);
    }
    stream = fdopen(fd, "rb");
    if (stream == NULL) {
        (void)close(fd);
        return fg_fail(error, FG_E_MEMORY, "%s: no memory to read it", path);
    }
    *ret_file =
        (struct fg_input_file){.stream = stream, .size_bytes = (uint64_t)status.st_size, .kind = kind};
    return FG_OK;
}

enum fg_err fg_input_file_read(struct fg_input_file *file, void *ret_bytes, size_t length,
                               struct fg_error *error)
{
    if (length == 0 || fread(ret_bytes, 1, length, file->stream) == length)
        return FG_OK;
    if (ferror(file->stream))
        return fg_fail(error, FG_E_IO, "%s: cannot be read: %s", file->kind, strerror(errno));
    return fg_fail(error, FG_E_FORMAT, "%s: cut off at its end; fetch it again", file->kind);
}

void fg_input_file_close(struct fg_input_file *file)
{
    if (file->stream != NULL)
        (void)fclose(file->stream);
    file->stream = NULL;
}
