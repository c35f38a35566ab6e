/* Landlock and seccomp for the reader (confine.h). The system calls are those that libnfc 1.8, its USB
 * library, the C library and the sanitizers' runtime make between opening a device and the process's end. */
#include "firmware/reader/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "firmware/reader/connection_string.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#define NUMBER_OF_MMAP __NR_mmap2
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "name this processor's AUDIT_ARCH_ constant"
#endif
#ifndef NUMBER_OF_MMAP
#define NUMBER_OF_MMAP __NR_mmap
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the filter reads the low half of arguments");

/* Debian 12's headers know Landlock's first version; these came later. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* version 3 */
#endif
#define ACCESS_IOCTL_DEVICE (1ULL << 15) /* version 5 */
#define ACCESS_NET_TCP 3ULL              /* version 4: bind and connect */
#define SCOPES 3ULL                      /* version 6: abstract sockets and signals */

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_DEVICE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_IOCTL_DEVICE)

#define FILTER_MAX 512

/* struct landlock_ruleset_attr as version 6 of the kernel's interface has it; older kernels take its
 * beginning.
 */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

static enum fg_err call_fail(const char *what, struct fg_error *error)
{
    return fg_fail(error, FG_E_IO, "confining the reader: %s: %s", what, strerror(errno));
}

enum fg_err fg_confine_start(struct fg_error *error)
{
    static const struct rlimit none = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return call_fail("no new privileges", error);
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return call_fail("no core dump", error);
    return FG_OK;
}

/* ---- files ------------------------------------------------------------------------------------------ */

/* All that a version of Landlock can forbid. */
static struct ruleset ruleset_of(long version, size_t *ret_size)
{
    struct ruleset rules = {.files = (1ULL << 13) - 1};

    *ret_size = sizeof(rules.files);
    if (version >= 2)
        rules.files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        rules.files |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (version >= 4) {
        rules.network = ACCESS_NET_TCP;
        *ret_size = offsetof(struct ruleset, scopes);
    }
    if (version >= 5)
        rules.files |= ACCESS_IOCTL_DEVICE;
    if (version >= 6) {
        rules.scopes = SCOPES;
        *ret_size = sizeof(rules);
    }
    return rules;
}

static enum fg_err path_allow(int ruleset_fd, const char *path, uint64_t access, bool needed,
                              struct fg_error *error)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    int fd = open(path, O_PATH | O_CLOEXEC);
    enum fg_err code = FG_OK;

    if (fd < 0)
        return needed ? call_fail(path, error) : FG_OK;
    rule.parent_fd = fd;
    if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        code = call_fail(path, error);
    (void)close(fd);
    return code;
}

static enum fg_err paths_allow(int ruleset_fd, const char *connection, uint64_t known, struct fg_error *error)
{
    char path[FG_READER_PATH_BYTES];
    enum fg_err code;

    code = path_allow(ruleset_fd, "/etc/nfc", ACCESS_READ, false, error);
    if (code == FG_OK && fg_connection_path(connection, path))
        return path_allow(ruleset_fd, path, ACCESS_DEVICE & known, true, error);
    if (code == FG_OK)
        code = path_allow(ruleset_fd, "/dev/bus/usb", (ACCESS_DEVICE | ACCESS_READ) & known, false, error);
    if (code == FG_OK)
        code = path_allow(ruleset_fd, "/sys/bus/usb", ACCESS_READ, false, error);
    return code;
}

enum fg_err fg_confine_files(const char *connection, struct fg_error *error)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset rules;
    size_t size = 0;
    enum fg_err code;
    int fd;

    if (version < 1)
        return fg_fail(error, FG_E_NOT_FOUND,
                       "confining the reader: this kernel has no Landlock (from 5.13 on; lsm=landlock,...)");
    rules = ruleset_of(version, &size);
    fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return call_fail("landlock_create_ruleset", error);
    code = paths_allow(fd, connection, rules.files, error);
    if (code == FG_OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        code = call_fail("landlock_restrict_self", error);
    (void)close(fd);
    return code;
}

/* ---- system calls ----------------------------------------------------------------------------------- */

/* What every processor's kernel has, then what is this one's. */
static const int calls_of_use[] = {
    __NR_read,
    __NR_write,
    __NR_readv,
    __NR_writev,
    __NR_recvfrom,
    __NR_recvmsg,
    __NR_sendto,
    __NR_sendmsg,
    __NR_close,
    __NR_fcntl,
    __NR_lseek,
    __NR_flock,
    __NR_ppoll,
    __NR_pselect6,
    __NR_pipe2,
    __NR_clock_gettime,
    __NR_clock_nanosleep,
    __NR_nanosleep,
    __NR_gettimeofday,
    __NR_setitimer,
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_rt_sigreturn,
    __NR_sigaltstack,
    __NR_restart_syscall,
    __NR_exit,
    __NR_exit_group,
    __NR_futex,
    __NR_brk,
    __NR_munmap,
    __NR_mremap,
    __NR_madvise,
    __NR_getpid,
    __NR_gettid,
    __NR_getrandom,
    __NR_sched_yield,
    __NR_rseq,
    __NR_fstat,
#if defined(__x86_64__)
    __NR_poll,
    __NR_select,
    __NR_pipe,
    __NR_newfstatat,
#elif defined(__arm__)
    __NR_poll,
    __NR__newselect,
    __NR_pipe,
    __NR_fcntl64,
    __NR__llseek,
    __NR_fstat64,
    __NR_fstatat64,
    __NR_sigreturn,
    __NR_recv,
    __NR_send,
    __NR_clock_gettime64,
    __NR_clock_nanosleep_time64,
    __NR_futex_time64,
    __NR_ppoll_time64,
    __NR_pselect6_time64,
#else
    __NR_newfstatat,
#endif
};

/* Until the device is open also these: which files, is Landlock's to say. */
static const int calls_of_opening[] = {
    __NR_openat,
    __NR_getdents64,
    __NR_faccessat,
    __NR_readlinkat,
    __NR_uname,
    __NR_prctl,
    __NR_seccomp,
    __NR_prlimit64,
    __NR_landlock_create_ruleset,
    __NR_landlock_add_rule,
    __NR_landlock_restrict_self,
#if defined(__x86_64__)
    __NR_open,
    __NR_access,
    __NR_readlink,
    __NR_stat,
    __NR_lstat,
#elif defined(__arm__)
    __NR_open,
    __NR_access,
    __NR_readlink,
    __NR_stat64,
    __NR_lstat64,
#endif
};

struct program {
    struct sock_filter lines[FILTER_MAX];
    unsigned short count;
    bool full;
};

static void line_add(struct program *program, struct sock_filter line)
{
    program->full = program->full || program->count == FILTER_MAX;
    if (!program->full)
        program->lines[program->count++] = line;
}

static void load_add(struct program *program, size_t offset)
{
    line_add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void verdict_add(struct program *program, uint32_t verdict)
{
    line_add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

/* When what was loaded compares so with value, the next `count` lines are carried out, else passed over. */
static void when_add(struct program *program, unsigned short comparison, uint32_t value, uint8_t count)
{
    line_add(program,
             (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | comparison | BPF_K), value, 0, count));
}

#define NUMBER_AT offsetof(struct seccomp_data, nr)
#define ARGUMENT_AT(index) (offsetof(struct seccomp_data, args) + 8 * (index))
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

static void calls_allow(struct program *program, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        when_add(program, BPF_JEQ, (uint32_t)calls[i], 1);
        verdict_add(program, SECCOMP_RET_ALLOW);
    }
}

/* Allowed unless these bits of an argument are set. */
static void call_allow_without(struct program *program, int call, unsigned argument, uint32_t bits)
{
    when_add(program, BPF_JEQ, (uint32_t)call, 4);
    load_add(program, ARGUMENT_AT(argument));
    when_add(program, BPF_JSET, bits, 1);
    verdict_add(program, REFUSE);
    verdict_add(program, SECCOMP_RET_ALLOW);
}

/* Allowed when an argument has this value. */
static void call_allow_for(struct program *program, int call, unsigned argument, uint32_t value)
{
    when_add(program, BPF_JEQ, (uint32_t)call, 4);
    load_add(program, ARGUMENT_AT(argument));
    when_add(program, BPF_JEQ, value, 1);
    verdict_add(program, SECCOMP_RET_ALLOW);
    verdict_add(program, REFUSE);
}

/* Terminals of the person who started the controller take no typed commands from here. */
static void ioctl_allow(struct program *program)
{
    static const uint32_t refused[] = {TIOCSTI, TIOCLINUX};
    uint8_t lines = (uint8_t)(1 + 2 * (sizeof(refused) / sizeof(refused[0])) + 1);

    when_add(program, BPF_JEQ, __NR_ioctl, lines);
    load_add(program, ARGUMENT_AT(1));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        when_add(program, BPF_JEQ, refused[i], 1);
        verdict_add(program, REFUSE);
    }
    verdict_add(program, SECCOMP_RET_ALLOW);
}

static void program_write(struct program *program, bool may_open)
{
    load_add(program, offsetof(struct seccomp_data, arch));
    line_add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    verdict_add(program, SECCOMP_RET_KILL_PROCESS);
    load_add(program, NUMBER_AT);
    calls_allow(program, calls_of_use, sizeof(calls_of_use) / sizeof(calls_of_use[0]));
    if (may_open)
        calls_allow(program, calls_of_opening, sizeof(calls_of_opening) / sizeof(calls_of_opening[0]));
    ioctl_allow(program);
    call_allow_without(program, NUMBER_OF_MMAP, 2, PROT_EXEC);
    call_allow_without(program, __NR_mprotect, 2, PROT_EXEC);
    /* abort(3) signals its own process; libnfc uses it. */
    call_allow_for(program, __NR_tgkill, 0, (uint32_t)getpid());
    verdict_add(program, REFUSE);
}

enum fg_err fg_confine_calls(bool may_open, struct fg_error *error)
{
    struct program program = {.count = 0};
    struct sock_fprog filter = {.filter = program.lines};

    program_write(&program, may_open);
    if (program.full)
        return fg_fail(error, FG_E_SIZE, "confining the reader: the filter is longer than %d lines",
                       FILTER_MAX);
    filter.len = program.count;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
        return call_fail("seccomp", error);
    return FG_OK;
}
