#include <inttypes.h>

#include "base/die.h"
#include "base/duration.h"
#include "event/members.h"
#include "people/people.h"

static void anonymous_set(struct people *people, const struct option_list *members,
                          struct schema *schema)
{
    int slot[SCHEMA_MAX];
    int count = members_need(schema, "anonymous", members, slot);
    if (members->count == 0) slot[count++] = member_need(schema, SLICE("session_id"), "anonymous");
    if (count == 0) die_usage("--anonymous: which members?");
    if (count > PEOPLE_IDS_MAX) die_usage("--anonymous: %d members at most", PEOPLE_IDS_MAX);
    for (int i = 0; i < count; i++) {
        const struct slice name = schema->name[slot[i]];
        for (int earlier = 0; earlier < i; earlier++)
            if (slot[earlier] == slot[i])
                die_usage("--anonymous: %.*s is there twice", (int)name.len, name.text);
        if (slot[i] == people->known_slot)
            die_usage("--known: %.*s is one of --anonymous, too", (int)name.len, name.text);
        people->anonymous_slot[i] = slot[i];
    }
    people->anonymous_count = count;
}

/* A member that is put behind those of an event. */
static int stamped_member(struct schema *schema, struct slice name, const char *time_field)
{
    if (slice_equal(name, slice_of(time_field)))
        die_usage("--time-field: %s is what this tool writes", time_field);
    const int slot = member_need(schema, name, "anonymous");
    schema->made |= UINT64_C(1) << slot;
    return slot;
}

static void bots_set(struct people *people, const struct people_options *options,
                     struct schema *schema)
{
    people->bot_slot = people->agent_slot = -1;
    if (options->lists != NULL && !options->bot_agents) die_usage("--lists is for --bot-agents");
    if (options->bots_most == 0 && !options->bot_agents) return;
    people->bot_slot = stamped_member(schema, SLICE("bot"), options->time_field);
    if (!options->bot_agents) return;
    people->agent_slot = member_need(schema, SLICE("user_agent"), "bot-agents");
    (void)schema_expect(schema, SLICE("user_agent"), "bot-agents");
    agents_init(&people->agents);
    agents_read(&people->agents, options->lists);
}

static void junk_set(struct junk *junk, const struct option_list *words)
{
    struct list list = {0};
    junk_init(junk);
    option_items(&list, "junk", words, LIST_NAMES);
    for (size_t i = 0; i < list.count; i++)
        junk_add(junk, list.item[i].name);
    list_release(&list);
}

void people_init(struct people *people, const struct people_options *options, struct schema *schema,
                 struct rows *rows)
{
    *people = (struct people){.hold_us = options->hold_us, .schema = schema, .rows = rows};
    if (*options->known == '\0') die_usage("--known: which member?");
    people->known_slot = member_need(schema, slice_of(options->known), "known");
    (void)schema_expect(schema, slice_of(options->known), "known");
    anonymous_set(people, options->anonymous, schema);
    people->person_slot = stamped_member(schema, SLICE("person_id"), options->time_field);
    bots_set(people, options, schema);
    for (int i = 0; i < rows->keys; i++)
        people->kept_slot[people->kept_count++] = schema_find(schema, rows->key[i]);
    people->has_extras = people->kept_count > 0 || people->agent_slot >= 0;
    junk_set(&people->junk, options->junk);
    names_init(&people->names);
    rate_init(&people->rate, options->bots_most, options->bots_span_us);
    links_init(&people->links, &people->names, &people->rate, options->horizon_us,
               options->keeps_texts);
    waiting_init(&people->waiting);
    people_begin(people);
}

void people_stats(const struct people *people, struct buffer *out)
{
    const struct people_counts *const counts = &people->counts;
    buffer_printf(out,
                  ",\"identified\":%" PRIu64 ",\"identified_later\":%" PRIu64
                  ",\"anonymous\":%" PRIu64 ",\"nobody\":%" PRIu64 ",\"junk_ids\":%" PRIu64
                  ",\"known_changed\":%" PRIu64 ",\"bots_rate\":%" PRIu64
                  ",\"bots_agent\":%" PRIu64,
                  counts->identified, counts->earlier, counts->anonymous, counts->nobody,
                  counts->junk_ids, counts->changed_known, counts->bots_rate, counts->bots_agent);
}

static void while_print(struct buffer *out, int64_t duration_us, const char *never)
{
    if (duration_us == INT64_MAX)
        buffer_add(out, never, strlen(never));
    else
        duration_print(out, duration_us);
}

void people_explain(const struct people *people, struct buffer *out)
{
    const struct slice known = people->schema->name[people->known_slot];
    buffer_printf(out, "people   known by %.*s, else by", (int)known.len, known.text);
    for (int i = 0; i < people->anonymous_count; i++) {
        const struct slice name = people->schema->name[people->anonymous_slot[i]];
        buffer_printf(out, "%s %.*s", i > 0 ? "," : "", (int)name.len, name.text);
    }
    buffer_add_literal(out, "; events wait ");
    while_print(out, people->hold_us, "to the end");
    buffer_add_literal(out, ", names are remembered ");
    while_print(out, people->links.horizon_us, "for ever");
    buffer_add_char(out, '\n');
    if (people->rate.most == 0) return;
    buffer_printf(out, "bots     more than %u events within ", people->rate.most);
    duration_print(out, people->rate.span_us);
    buffer_add_char(out, '\n');
}
