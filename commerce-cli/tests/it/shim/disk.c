/*
 * Intercepts the calls between a program and one folder of its disk, loaded with LD_PRELOAD. It records, in one order
 * for all processes, their changes of the folder's files and their output on standard output and standard error. It can
 * make a chosen call fail, and kill its process at a chosen call.
 *
 *   DISK_FOLDER  the folder, as an absolute path without links
 *   DISK_LOG     the file to which records are appended (log.rs reads them)
 *   DISK_FAIL    "CALLS NTH ERROR ON": the NTH call of a kind fails with an errno, or does half its work if ERROR is 0;
 *                ON is 1 if all later ones of the kind fail too. The kinds are w (write), s (sync), t (truncate),
 *                o (open), r (read), n (create, change or remove a name)
 *   DISK_KILL    "NTH": SIGKILL instead of the NTH call that changes or syncs something
 *
 * A lock is held around a call and its record, so that the records are in the order of the calls. The shim skips real
 * syncs, which would only cost time: disk.rs computes the effect of a power cut from the records. The records leave out
 * the -shm file, which is shared memory with a name, and which SQLite rebuilds after a crash. A call that the records
 * cannot express is recorded as such, and ends the test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define HERE (-1) /* at the current position of the file, rather than at a given one */
#define HALF (-1) /* the fault of a call that does half its work */

static char folder[PATH_MAX];
static size_t folder_length;
static int log_fd = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long calls, kill_at;
static struct { char what; unsigned long nth, seen; int error, on; } fault;

__attribute__((constructor)) static void begin(void)
{
    const char *named = getenv("DISK_FOLDER"), *log = getenv("DISK_LOG");
    const char *fail = getenv("DISK_FAIL"), *death = getenv("DISK_KILL");
    if (!named || !log) return;
    log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) abort();
    snprintf(folder, sizeof folder, "%s", named);
    folder_length = strlen(folder);
    if (death) kill_at = strtoul(death, NULL, 10);
    if (fail && sscanf(fail, "%c %lu %d %d", &fault.what, &fault.nth, &fault.error, &fault.on) != 4) abort();
}

static void lock(void)
{
    pthread_mutex_lock(&mutex);
    flock(log_fd, LOCK_EX);
}

static void unlock(void)
{
    int error = errno;
    flock(log_fd, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = error;
}

/* One record: seven numbers, the name, the other name, the data. */
static void record(char what, uint64_t file, uint64_t at, const char *name, const char *other, const void *data,
                   size_t size)
{
    int error = errno;
    uint64_t head[7] = {what, getpid(), file, at, strlen(name), strlen(other), size};
    struct iovec parts[4] = {
        {head, sizeof head}, {(void *)name, head[4]}, {(void *)other, head[5]}, {(void *)data, size}};
    size_t whole = sizeof head + head[4] + head[5] + size;
    if ((size_t)syscall(SYS_writev, log_fd, parts, 4) != whole) abort();
    errno = error;
}

/* The fault of this call: 0, an errno, or HALF. */
static int wrong(char what)
{
    if (fault.what != what) return 0;
    fault.seen++;
    if (fault.seen < fault.nth || (fault.seen > fault.nth && !fault.on)) return 0;
    if (fault.seen == fault.nth) record('f', 0, 0, "", "", NULL, 0);
    return fault.error ? fault.error : HALF;
}

/* Counts a call that changes or syncs something, and kills the process at the chosen one. */
static void count(void)
{
    if (++calls == kill_at) {
        record('k', 0, 0, "", "", NULL, 0);
        kill(getpid(), SIGKILL);
    }
}

/* Whether an absolute path is in the folder, and its name there: "" for the folder itself. */
static int inside(const char *path, char *name)
{
    if (strncmp(path, folder, folder_length) || (path[folder_length] && path[folder_length] != '/')) return 0;
    strcpy(name, path + folder_length + (path[folder_length] == '/'));
    return 1;
}

/* The same for an open file. */
static int inside_fd(int fd, char *name)
{
    char link[64], path[PATH_MAX];
    if (log_fd < 0 || fd == log_fd) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return inside(path, name);
}

/* The same for a path as a program gives it. */
static int inside_path(int at, const char *path, char *name)
{
    char given[PATH_MAX], real[PATH_MAX];
    if (log_fd < 0 || strlen(path) + 32 > sizeof given) return 0;
    int relative = at != AT_FDCWD && path[0] != '/';
    if (relative)
        snprintf(given, sizeof given, "/proc/self/fd/%d/%s", at, path);
    else
        snprintf(given, sizeof given, "%s%s", path[0] == '/' ? "" : "./", path);
    if (realpath(given, real) && !strcmp(real, folder)) return inside(real, name);
    char *slash = strrchr(given, '/');
    char last[PATH_MAX];
    strcpy(last, slash + 1);
    slash[1] = 0;
    if (!realpath(given, real) || strlen(real) + strlen(last) + 2 > sizeof real) return 0;
    strcat(real, "/");
    strcat(real, last);
    return inside(real, name);
}

/* Whether calls on a file are recorded. */
static int kept(const char *name)
{
    size_t length = strlen(name);
    return length < 4 || strcmp(name + length - 4, "-shm");
}

static struct stat look(int fd)
{
    struct stat found;
    if (fstat(fd, &found)) abort();
    return found;
}

static int fails(int error)
{
    unlock();
    errno = error;
    return -1;
}

/* A call that the records cannot express. */
static void beyond(const char *call, int fd)
{
    char name[PATH_MAX];
    int error = errno;
    if (inside_fd(fd, name) && kept(name)) {
        lock();
        record('?', 0, 0, name, call, NULL, 0);
        unlock();
    }
    errno = error;
}

/* ---- Writing and reading ---- */

static ssize_t written(int fd, const void *data, size_t size, off_t at)
{
    char name[PATH_MAX];
    int said = (fd == 1 || fd == 2) && log_fd >= 0, ours = inside_fd(fd, name);
    if (!said && !ours) {
        return at == HERE ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, at);
    }
    lock();
    if (said && !ours) {
        record('a', fd, 0, "", "", data, size);
        unlock();
        return syscall(SYS_write, fd, data, size);
    }
    int error = wrong('w');
    if (error > 0) return fails(error);
    if (error == HALF && size > 1) size /= 2;
    if (kept(name)) count();
    struct stat file = look(fd);
    off_t place = at;
    if (fcntl(fd, F_GETFL) & O_APPEND)
        place = file.st_size;
    else if (at == HERE)
        place = lseek(fd, 0, SEEK_CUR);
    ssize_t done = at == HERE ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, at);
    if (done > 0 && kept(name)) record('w', file.st_ino, place, name, "", data, done);
    unlock();
    return done;
}

ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, HERE); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return written(fd, data, size, at); }

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t all = 0;
    for (int part = 0; part < count; part++) {
        if (!parts[part].iov_len) continue;
        ssize_t done = written(fd, parts[part].iov_base, parts[part].iov_len, HERE);
        if (done < 0) return all ? all : done;
        all += done;
        if ((size_t)done < parts[part].iov_len) break;
    }
    return all;
}

static ssize_t got(int fd, void *data, size_t size, off_t at)
{
    char name[PATH_MAX];
    if (fault.what == 'r' && inside_fd(fd, name)) {
        lock();
        int error = wrong('r');
        if (error > 0) return fails(error);
        if (error == HALF && size > 1) size /= 2;
        unlock();
    }
    return at == HERE ? syscall(SYS_read, fd, data, size) : syscall(SYS_pread64, fd, data, size, at);
}

ssize_t read(int fd, void *data, size_t size) { return got(fd, data, size, HERE); }
ssize_t pread(int fd, void *data, size_t size, off_t at) { return got(fd, data, size, at); }
ssize_t pread64(int fd, void *data, size_t size, off64_t at) { return got(fd, data, size, at); }

/* ---- Lengths and syncs ---- */

static int resized(int fd, off_t size)
{
    char name[PATH_MAX];
    if (!inside_fd(fd, name)) return syscall(SYS_ftruncate, fd, size);
    lock();
    int error = wrong('t');
    if (error) return fails(error == HALF ? EIO : error);
    if (kept(name)) count();
    int done = syscall(SYS_ftruncate, fd, size);
    if (!done && kept(name)) record('t', look(fd).st_ino, size, name, "", NULL, 0);
    unlock();
    return done;
}

int ftruncate(int fd, off_t size) { return resized(fd, size); }
int ftruncate64(int fd, off64_t size) { return resized(fd, size); }

static int synced(int fd, int call)
{
    char name[PATH_MAX];
    if (!inside_fd(fd, name)) return syscall(call, fd);
    lock();
    int error = wrong('s');
    if (error) return fails(error == HALF ? EIO : error);
    if (kept(name)) {
        count();
        record(name[0] ? 's' : 'd', look(fd).st_ino, 0, name, "", NULL, 0);
    }
    unlock();
    return 0;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

/* ---- Names ---- */

static int opened(int at, const char *path, int flags, mode_t mode)
{
    char name[PATH_MAX];
    struct stat found;
    if (!inside_path(at, path, name)) return syscall(SYS_openat, at, path, flags, mode);
    lock();
    int error = wrong('o');
    if (error) return fails(error == HALF ? EIO : error);
    int there = !fstatat(at, path, &found, 0);
    if (kept(name) && ((!there && flags & O_CREAT) || (there && flags & O_TRUNC))) count();
    int fd = syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && kept(name) && name[0]) {
        if (!there) record('c', look(fd).st_ino, 0, name, "", NULL, 0);
        else if (flags & O_TRUNC) record('t', found.st_ino, 0, name, "", NULL, 0);
    }
    unlock();
    return fd;
}

#define OPENED(at) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    } \
    return opened(at, path, flags, mode)

int open(const char *path, int flags, ...) { OPENED(AT_FDCWD); }
int open64(const char *path, int flags, ...) { OPENED(AT_FDCWD); }
int openat(int at, const char *path, int flags, ...) { OPENED(at); }
int openat64(int at, const char *path, int flags, ...) { OPENED(at); }

/* A change of one or two names: 'u' unlinks, 'r' renames, 'l' links. Both names are in the folder or neither is. */
static int named(char what, int at, const char *path, int at_other, const char *other, unsigned flags)
{
    char name[PATH_MAX], name_other[PATH_MAX] = "";
    int ours = inside_path(at, path, name);
    if (other) ours |= inside_path(at_other, other, name_other);
    if (ours) {
        lock();
        int error = wrong('n');
        if (error) return fails(error == HALF ? EIO : error);
        if (kept(name)) count();
    }
    int done = what == 'u'   ? syscall(SYS_unlinkat, at, path, flags)
               : what == 'r' ? syscall(SYS_renameat2, at, path, at_other, other, flags)
                             : syscall(SYS_linkat, at, path, at_other, other, flags);
    if (!ours) return done;
    if (!done && kept(name)) record(what, 0, 0, name, name_other, NULL, 0);
    unlock();
    return done;
}

int unlink(const char *path) { return named('u', AT_FDCWD, path, 0, NULL, 0); }
int unlinkat(int at, const char *path, int flags) { return named('u', at, path, 0, NULL, flags); }
int rename(const char *from, const char *to) { return named('r', AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int at, const char *from, int to_at, const char *to) { return named('r', at, from, to_at, to, 0); }
int renameat2(int at, const char *from, int to_at, const char *to, unsigned flags)
{
    return named('r', at, from, to_at, to, flags);
}
int link(const char *from, const char *to) { return named('l', AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int at, const char *from, int to_at, const char *to, int flags)
{
    return named('l', at, from, to_at, to, flags);
}

/* ---- Calls that the records cannot express; SQLite and the program do not use them at present ---- */

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t at)
{
    if (fd >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED)) beyond("mmap", fd);
    return (void *)syscall(SYS_mmap, where, size, protection, flags, fd, at);
}
void *mmap64(void *where, size_t size, int protection, int flags, int fd, off64_t at)
{
    return mmap(where, size, protection, flags, fd, at);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    beyond("pwritev", fd);
    return syscall(SYS_pwritev, fd, parts, count, at, 0);
}
int fallocate(int fd, int mode, off_t at, off_t size)
{
    beyond("fallocate", fd);
    return syscall(SYS_fallocate, fd, mode, at, size);
}
int posix_fallocate(int fd, off_t at, off_t size) { return fallocate(fd, 0, at, size) ? errno : 0; }
int posix_fallocate64(int fd, off64_t at, off64_t size) { return posix_fallocate(fd, at, size); }
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags)
{
    beyond("copy_file_range", to);
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
}
ssize_t sendfile(int to, int from, off_t *at, size_t size)
{
    beyond("sendfile", to);
    return syscall(SYS_sendfile, to, from, at, size);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) { return sendfile(to, from, at, size); }
