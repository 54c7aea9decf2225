#include "raw/changes.h"

#include "base/instant.h"
#include "event/members.h"

/* The member is made of count others, whether the input has it or not; of itself alone it is made
 * of the input's. */
static void made_note(struct schema *schema, int slot, const int *sources, int count)
{
    if (count > 1 || (count == 1 && sources[0] != slot)) schema->made |= UINT64_C(1) << slot;
}

void changes_start(struct changes *changes, const struct changes_options *options,
                   struct schema *schema)
{
    recode_options(&changes->words, &options->recodes, schema);
    changes->session_id.count =
        members_need(schema, "id-from", &options->id_from, changes->session_id.slot);
    derive_options(&changes->derive, &options->derive, &options->own_hosts, options->lists, schema);
    event_hash_options(&changes->event_id, &options->event_id_from, schema);
    made_note(schema, SLOT_SESSION_ID, changes->session_id.slot, changes->session_id.count);
    made_note(schema, SLOT_EVENT_ID, changes->event_id.slot, changes->event_id.count);
    changes->time_elsewhere = option_given("time-field");
    schema->as_is = changes->words.count == 0 && changes->session_id.count == 0 &&
                    changes->derive.items == 0 && changes->event_id.count == 0 &&
                    !changes->time_elsewhere;
}

enum reason changes_make(struct changes *changes, const struct schema *schema, struct event *ev)
{
    changes->slots = changes->given;
    if (changes->time_elsewhere || !instant_is_usual(ev->value[SLOT_EVENT_TIME]))
        canonical_line_time(&changes->made, ev);
    if (changes->words.count > 0) changes->slots |= recode_event(&changes->words, ev);
    if (ev->value[SLOT_EVENT_TYPE].kind == KIND_NULL) return REASON_NO_TYPE;
    if (changes->session_id.count > 0) {
        ev->value[SLOT_SESSION_ID] = made_id_value(&changes->session_id, ev);
        ev->recast = true;
    }
    if (changes->derive.items != 0) changes->slots |= derive_event(&changes->derive, ev);
    if (changes->event_id.count > 0) event_hash_set(&changes->event_id, ev);
    if (schema->whole && !ev->canonical)
        canonical_line_make(&changes->made, schema, ev, changes->slots);
    return REASON_NONE;
}

void changes_release(struct changes *changes)
{
    recode_release(&changes->words);
    made_id_release(&changes->session_id);
    derive_release(&changes->derive);
    event_hash_release(&changes->event_id);
    canonical_line_release(&changes->made);
}
