/* agent.c - crawlers by a list, devices by words; remembering changes nothing. */
#include "raw/agent.h"

#include <stdlib.h>

#include "raw/lists.h"
#include "tap.h"

static const char list[] = "# comment\n"
                           "Googlebot/\tGooglebot\n"
                           "bot\tsome bot\n"
                           "/^curl/\tcurl\n"
                           "/SSL Labs$/\tSSL Labs\n"
                           "/^exact$/\n"
                           "/BlogTraffic\\/[0-9]+ Feed/\tBlogTraffic\r\n"
                           "/a\\.b/\tdotted\n"
                           "Googlebot/\tnever\n";

static struct agents with_list(size_t known_most)
{
    char directory[] = "/tmp/agent-XXXXXX";
    struct agents agents;
    struct buffer path = {0};

    if (mkdtemp(directory) == NULL) abort();
    buffer_printf(&path, "%s/bots.txt%c", directory, '\0');
    FILE *file = fopen(path.data, "w");
    if (file == NULL || fwrite(list, 1, sizeof(list) - 1, file) != sizeof(list) - 1) abort();
    fclose(file);
    agents_init(&agents);
    agents.known_most = known_most;
    agents_read(&agents, directory);
    remove(path.data);
    remove(directory);
    buffer_release(&path);
    return agents;
}

static struct slice or_none(struct slice text)
{
    return text.text == NULL ? SLICE("-") : text;
}

int main(void)
{
    static const struct {
        const char *agent, *bot, *device;
    } cases[] = {
        {"Mozilla/5.0 (compatible; Googlebot/2.1)", "Googlebot", "bot"},
        {"a robot, Googlebot/2.1", "Googlebot", "bot"},
        {"robot", "some bot", "bot"},
        {"curl/8.0", "curl", "bot"},
        {"libcurl", "-", "-"},
        {"Mozilla SSL Labs", "SSL Labs", "bot"},
        {"SSL Labs Mozilla", "-", "-"},
        {"exact", "^exact$", "bot"},
        {"exactly", "-", "-"},
        {"exact exact", "-", "-"},
        {"BlogTraffic/12 Feed", "BlogTraffic", "bot"},
        {"BlogTraffic/ Feed", "-", "-"},
        {"a.b", "dotted", "bot"},
        {"axb", "-", "-"},
        {"", "empty", "bot"},
        {" ", "empty", "bot"},
        {"-", "empty", "bot"},
        {"Unknown Crawler", "-", "bot"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/128.0", "-", "desktop"},
        {"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Tablet PC 2.0)", "-", "desktop"},
        {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/120.0", "-", "desktop"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148", "-", "mobile"},
        {"Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Mobile/15E148", "-", "tablet"},
        {"Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36", "-",
         "mobile"},
        {"Mozilla/5.0 (Linux; Android 14; SM-X700) Chrome/120.0 Safari/537.36", "-", "tablet"},
        {"Mozilla/5.0 (Android 14; Tablet; rv:128.0) Firefox/128.0", "-", "tablet"},
        {"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1) Edge/15", "-", "mobile"},
        {"Mozilla/5.0 (Linux; Android 9; CUBOT_X18) Mobile Safari/537.36", "-", "mobile"},
        {"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0)", "-", "tv"},
        {"Dalvik", "-", "-"},
    };
    static const size_t most[] = {0, 3, 65536};
    char name[200];

    for (size_t m = 0; m < 3; m++) {
        struct agents agents = with_list(most[m]);
        is_int(agents.apart_count, 4, "what stands anywhere in an agent is in the automaton");
        for (int round = 0; round < 2; round++)
            for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct agent agent = agents_judge(&agents, slice_of(cases[i].agent));
                const char *bot = cases[i].bot;
                if (slice_equal(slice_of(bot), SLICE("^exact$"))) bot = "/^exact$/";
                snprintf(name, sizeof(name), "the crawler of '%s'", cases[i].agent);
                is_text(or_none(agent.bot), bot, name);
                snprintf(name, sizeof(name), "the device of '%s'", cases[i].agent);
                is_text(or_none(agent.device), cases[i].device, name);
            }
        ok(agents.known.count <= most[m], "no more is remembered than allowed");
        agents_release(&agents);
    }
    lists_release();
    return plan();
}
