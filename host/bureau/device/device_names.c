/* Implementation of a station's names (device_names.h). */
#include "host/bureau/device/device_names.h"

#include <stdio.h>
#include <string.h>

#define BLANKS " \t"

/* Takes the next name off *text, without the blanks around it. False: there is none left. */
static bool next_name(const char **text, const char **ret_name, size_t *ret_length)
{
    const char *at = *text + strspn(*text, BLANKS);
    size_t length = strcspn(at, ",");

    if (*at == '\0')
        return false;
    *ret_name = at;
    *text = at + length + (at[length] == ',');
    while (length > 0 && strchr(BLANKS, at[length - 1]) != NULL)
        length--;
    *ret_length = length;
    return true;
}

enum fg_err fg_device_names_parse(const char *text, struct fg_device_names *ret_names, struct fg_error *error)
{
    struct fg_device_names names = {0};
    const char *name = NULL;
    size_t length = 0;

    while (next_name(&text, &name, &length)) {
        if (names.count == FG_ENROL_NAMES_MAX)
            return fg_fail(error, FG_E_RANGE, "a station has at most %d names", FG_ENROL_NAMES_MAX);
        if (length > FG_ENROL_NAME_MAX)
            return fg_fail(error, FG_E_RANGE, "name \"%.70s\": more than %d characters", name,
                           FG_ENROL_NAME_MAX);
        memcpy(names.names[names.count], name, length);
        if (!fg_host_name_is_good(names.names[names.count]))
            return fg_fail(error, FG_E_RANGE, "\"%.63s\" is neither a host name nor an address",
                           names.names[names.count]);
        names.count++;
    }
    *ret_names = names;
    return FG_OK;
}

void fg_device_names_text(const struct fg_device_names *names, char ret_text[FG_DEVICE_NAMES_TEXT_MAX + 1])
{
    size_t length = 0;

    ret_text[0] = '\0';
    for (size_t i = 0; i < names->count; i++)
        length += (size_t)snprintf(ret_text + length, FG_DEVICE_NAMES_TEXT_MAX + 1 - length, "%s%s",
                                   i > 0 ? "," : "", names->names[i]);
}

enum fg_err fg_device_names_fit(const struct fg_device_names *names, const char *role, struct fg_error *error)
{
    bool station = strcmp(role, FG_ROLE_STATION) == 0;

    if (station && names->count == 0)
        return fg_fail(error, FG_E_RANGE,
                       "a station needs the host name or address by which its controllers call it");
    if (!station && names->count > 0)
        return fg_fail(error, FG_E_RANGE, "a %s serves nobody and has no names", role);
    return FG_OK;
}

/* ---- the bureau's own ---- */

static enum fg_err own_add(struct fg_own_names *own, const char *name, size_t length, struct fg_error *error)
{
    if (length == 0)
        return FG_OK;
    if (own->count == sizeof(own->names) / sizeof(own->names[0]) || length > FG_CERTIFICATE_NAME_MAX)
        return fg_fail(error, FG_E_SIZE, "the bureau has too many names, or one that is too long");
    memcpy(own->names[own->count], name, length);
    own->names[own->count++][length] = '\0';
    return FG_OK;
}

enum fg_err fg_own_names_add_file(struct fg_own_names *own, const char *path, struct fg_error *error)
{
    struct fg_certificate_names names;
    enum fg_err result;

    if (path[0] == '\0')
        return FG_OK;
    result = fg_certificate_file_names(path, &names, error);
    for (size_t i = 0; result == FG_OK && i < names.count; i++)
        result = own_add(own, names.names[i], strlen(names.names[i]), error);
    return result;
}

enum fg_err fg_own_names_add(struct fg_own_names *own, const char *names, struct fg_error *error)
{
    const char *name = NULL;
    size_t length = 0;
    enum fg_err result = FG_OK;

    while (result == FG_OK && next_name(&names, &name, &length))
        result = own_add(own, name, length, error);
    return result;
}

enum fg_err fg_device_names_check(const struct fg_device_names *names, const struct fg_own_names *own,
                                  struct fg_error *error)
{
    for (size_t i = 0; i < names->count; i++) {
        for (size_t k = 0; k < own->count; k++) {
            if (fg_host_name_equal(names->names[i], own->names[k]))
                return fg_fail(error, FG_E_DENIED,
                               "\"%s\" is a name of the bureau itself and no station's; the bureau gives "
                               "another by fillgate bureau names",
                               names->names[i]);
        }
    }
    return FG_OK;
}
