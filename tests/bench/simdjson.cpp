/*
 * simdjson.cpp - what simdjson On-Demand needs for taking five members of every line.
 *
 *     simdjson-reader [--take=ordered|unordered|raw] [--by=batch|line] [--batch=BYTES]
 *                     [--passes=N] FILE
 *
 * The file is in memory before the first pass; a pass is one iterate_many over all of it, on one
 * thread, looking each member up and having its text (escapes undone, null told from text), which
 * is what cs-funnel needs to begin with. Nothing is hashed, no time is read, nothing is counted.
 * --by=line: each line is found by memchr and is a document of its own, which is what a reader
 * needs that must lose no more than the one line that is bad.
 *
 * ordered looks members up with find_field, in canonical order; unordered with
 * find_field_unordered; raw is ordered without undoing escapes.
 * Prints one line of JSON: seconds of the best and the median pass, on the wall and of processor.
 */
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <simdjson.h>

#ifdef SIMDJSON_THREADS_ENABLED
#error "compile without -pthread: the comparison is between single threads"
#endif

using namespace simdjson;

/* The library says what it was compiled with itself, not what its header has become here. */
#define NAME(text) #text
#define NAME_OF(macro) NAME(macro)

static const char *const members[] = {"session_id", "event_type", "traffic_source", "device_type",
                                      "event_time"};

struct total {
    size_t events, texts, nulls, text_bytes, errors;
};

[[noreturn]] static void die(const char *what)
{
    std::fprintf(stderr, "simdjson-reader: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

/* The whole file with room behind it, on large pages where there are some. Never freed. */
static char *file_load(const char *name, size_t *len)
{
    const int fd = open(name, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) die(name);
    *len = static_cast<size_t>(status.st_size);
    const size_t room = *len + SIMDJSON_PADDING;
    char *const bytes = static_cast<char *>(
        mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (bytes == MAP_FAILED) die("memory");
    madvise(bytes, room, MADV_HUGEPAGE);
    for (size_t at = 0; at < *len;) {
        const ssize_t n = read(fd, bytes + at, std::min<size_t>(*len - at, size_t{1} << 24));
        if (n <= 0) die(name);
        at += static_cast<size_t>(n);
    }
    close(fd);
    return bytes;
}

/* Text or null is counted; anything else is an error. */
template <typename Text>
static simdjson_inline void tally(simdjson_result<ondemand::value> found, struct total &total)
{
    ondemand::value value;
    Text text;
    bool null = false;
    if (std::move(found).get(value) != SUCCESS) {
        total.errors++;
    } else if (value.get(text) == SUCCESS) {
        total.texts++;
        if constexpr (std::is_same_v<Text, std::string_view>)
            total.text_bytes += text.size();
        else
            total.text_bytes += static_cast<unsigned char>(*text.raw());
    } else if (value.is_null().get(null) == SUCCESS && null) {
        total.nulls++;
    } else {
        total.errors++;
    }
}

struct ordered {
    static simdjson_inline void take(ondemand::object &object, const char *name,
                                     struct total &total)
    {
        tally<std::string_view>(object.find_field(name), total);
    }
};

struct unordered {
    static simdjson_inline void take(ondemand::object &object, const char *name,
                                     struct total &total)
    {
        tally<std::string_view>(object.find_field_unordered(name), total);
    }
};

struct raw {
    static simdjson_inline void take(ondemand::object &object, const char *name,
                                     struct total &total)
    {
        tally<ondemand::raw_json_string>(object.find_field(name), total);
    }
};

template <typename How, typename Document>
static simdjson_inline void take_members(Document &&document, struct total &total)
{
    ondemand::object object;
    if (document.get_object().get(object) != SUCCESS) {
        total.errors++;
        return;
    }
    total.events++;
    How::take(object, members[0], total);
    How::take(object, members[1], total);
    How::take(object, members[2], total);
    How::take(object, members[3], total);
    How::take(object, members[4], total);
}

template <typename How>
static void pass_lines(ondemand::parser &parser, const char *bytes, size_t len, struct total &total)
{
    const char *const end = bytes + len;
    for (const char *line = bytes; line < end;) {
        const void *const found = std::memchr(line, '\n', static_cast<size_t>(end - line));
        const char *const newline = found == nullptr ? end : static_cast<const char *>(found);
        const size_t line_len = static_cast<size_t>(newline - line);
        ondemand::document document;
        if (parser.iterate(line, line_len, line_len + SIMDJSON_PADDING).get(document) != SUCCESS)
            total.errors++;
        else
            take_members<How>(document, total);
        line = newline + 1;
    }
}

template <typename How>
static struct total pass(ondemand::parser &parser, const char *bytes, size_t len, bool by_line,
                         size_t batch)
{
    struct total total = {};
    if (by_line) {
        pass_lines<How>(parser, bytes, len, total);
        return total;
    }
    ondemand::document_stream stream;
    if (parser.iterate_many(bytes, len, batch).get(stream) != SUCCESS) die("iterate_many");
    for (auto line : stream)
        take_members<How>(line, total);
    return total;
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

static double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    const size_t n = values.size();
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

int main(int argc, char **argv)
{
    const char *how = "ordered", *by = "batch";
    size_t batch = 1000000; // simdjson's own default, and the best of 64 KB to 16 MB
    int passes = 5;
    const char *name = nullptr;
    for (int i = 1; i < argc; i++) {
        if (std::strncmp(argv[i], "--take=", 7) == 0)
            how = argv[i] + 7;
        else if (std::strncmp(argv[i], "--batch=", 8) == 0)
            batch = std::strtoull(argv[i] + 8, nullptr, 10);
        else if (std::strncmp(argv[i], "--by=", 5) == 0)
            by = argv[i] + 5;
        else if (std::strncmp(argv[i], "--passes=", 9) == 0)
            passes = std::atoi(argv[i] + 9);
        else
            name = argv[i];
    }
    auto *const run = std::strcmp(how, "ordered") == 0     ? pass<ordered>
                      : std::strcmp(how, "unordered") == 0 ? pass<unordered>
                      : std::strcmp(how, "raw") == 0       ? pass<raw>
                                                           : nullptr;
    const bool by_line = std::strcmp(by, "line") == 0;
    if (name == nullptr || run == nullptr || passes < 1 ||
        (!by_line && std::strcmp(by, "batch") != 0)) {
        std::fprintf(stderr,
                     "usage: simdjson-reader [--take=ordered|unordered|raw] [--by=batch|line] "
                     "[--batch=BYTES] [--passes=N] FILE\n");
        return 2;
    }

    size_t len = 0;
    const char *const bytes = file_load(name, &len);
    ondemand::parser parser;
    struct total total =
        run(parser, bytes, std::min<size_t>(len, 1 << 20), by_line, batch); // its buffers
    std::vector<double> wall, cpu;
    for (int i = 0; i < passes; i++) {
        const double wall_begin = seconds(CLOCK_MONOTONIC);
        const double cpu_begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
        total = run(parser, bytes, len, by_line, batch);
        cpu.push_back(seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin);
        wall.push_back(seconds(CLOCK_MONOTONIC) - wall_begin);
    }
    const double best = *std::min_element(wall.begin(), wall.end());
    std::printf(
        "{\"simdjson\":\"%d.%d.%d\",\"instructions\":\"%s/"
        "%s\",\"take\":\"%s\",\"by\":\"%s\",\"bytes\":%zu,\"events\":%zu,"
        "\"texts\":%zu,\"nulls\":%zu,\"errors\":%zu,\"text_bytes\":%zu,\"best_seconds\":%.6f,"
        "\"median_seconds\":%.6f,\"median_cpu_seconds\":%.6f,\"best_gb_per_second\":%.3f,"
        "\"median_gb_per_second\":%.3f}\n",
        SIMDJSON_VERSION_MAJOR, SIMDJSON_VERSION_MINOR, SIMDJSON_VERSION_REVISION,
        NAME_OF(SIMDJSON_BUILTIN_IMPLEMENTATION), get_active_implementation()->name().c_str(), how,
        by, len, total.events, total.texts, total.nulls, total.errors, total.text_bytes, best,
        median(wall), median(cpu), static_cast<double>(len) / best / 1e9,
        static_cast<double>(len) / median(wall) / 1e9);
    return total.errors != 0;
}
