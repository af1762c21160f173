/* The inner loops of a ranking, compiled: the same sums in the same order as `profile.py` and `layout.py`, to the last bit.

   `kernel.py` checks that its structures are these, and calls it; where it was not compiled, numpy does the same. Nothing is
   written but what is named `out`, and nothing is kept between calls.                                                     */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { KINDS = 3, LEVELS = 4, GRADES = 16, PARTS = 10 };
enum { REQUIRED, WANTED, TAUGHT, EMPTY };
enum { SKILLS, CHALLENGE, LEARNING, INTEREST, TRAVEL, CALENDAR, PROGRAMME, HOURS, FRESHNESS, ANSWERS };

/* As in `skills.py`, `score.py` and `calendar.py`: the tests hold both ways against the definition. */
static const double REQUIRED_WEIGHT = 2.0, UNSAID = 0.5, UNKNOWN = 0.5, FULL = 1.0, FAR = 0.3;

/* A vocabulary: what each held skill and each interest touches, one after the other, and what grades are worth. */
typedef struct {
    const double *worth, *level; /* by grade and needed level, by grade */
    const int64_t *covers_first;
    const int32_t *covers_concept;
    const double *covers_value;
    const int64_t *pleases_first;
    const int32_t *pleases_concept;
    const double *pleases_value;
    int64_t concepts;
} Tables;

/* The columns of a layout, one line a row; of needs and spans a line each. */
typedef struct {
    const uint8_t *kind;
    const int32_t *need_at;
    const uint16_t *need_count;
    const uint32_t *need;
    const uint16_t *levels;
    const int32_t *span_at;
    const uint16_t *span_count;
    const int32_t *span_start, *span_end, *span_days;
    const uint16_t *span_pattern;
    const int16_t *min_age, *max_age;
    const int32_t *hours;
    const double *freshness, *answers;
    const uint32_t *eligibility;
    const uint64_t *ties;
    const double *least; /* by kind */
    const int64_t *first; /* of each point its first row, and one more */
    int64_t training_from, day, grid_first, grid_length, patterns;
} Columns;

/* One student. `counts` and `outside` are NULL without stated days, `enough` and `too_old` without a day of birth. */
typedef struct {
    const double *met, *gain; /* by need */
    const double *interest, *ability; /* by concept */
    const uint8_t *admits; /* by set of alternatives */
    const double *affinity;
    const double *weights, *totals; /* part by kind, kind */
    const int32_t *counts; /* free days up to each day of the grid, one pattern after the other */
    const double *outside; /* by pattern behind those */
    const int64_t *enough, *too_old; /* by age, last for none */
    int64_t ages;
    int64_t hours_owed, has_interests;
} Caller;

/* A row among the best so far. */
typedef struct {
    double score;
    uint64_t tie;
    int64_t row, place, slot;
} Line;

const char *digest(void) { return DIGEST; }
int64_t size_of_tables(void) { return sizeof(Tables); }
int64_t size_of_columns(void) { return sizeof(Columns); }
int64_t size_of_caller(void) { return sizeof(Caller); }

static inline double larger(double one, double other) { return one > other ? one : other; }
static inline double smaller(double one, double other) { return one < other ? one : other; }

/* `skills.gain_of` */
static inline double gain_of(double met, double near) { return (1.0 - met) * (FAR + (1.0 - FAR) * near); }

/* `Skills.profile`: the tables of one student. `known` is scratch room, by concept. */
void profile(const Tables *all, int64_t held, const int64_t *held_code /* concept × 16 + grade */, int64_t liked,
             const int64_t *liked_concept, double *known, double *out_met, double *out_gain, double *out_interest,
             double *out_ability)
{
    for (int64_t one = 0; one < all->concepts; one++) known[one] = out_interest[one] = out_ability[one] = 0.0;
    for (int64_t one = 0; one < all->concepts * LEVELS; one++) out_met[one] = 0.0;
    for (int64_t one = 0; one < liked; one++) {
        const int64_t until = all->pleases_first[liked_concept[one] + 1];
        for (int64_t at = all->pleases_first[liked_concept[one]]; at < until; at++) {
            double *interest = out_interest + all->pleases_concept[at];
            *interest = larger(*interest, all->pleases_value[at]);
        }
    }
    for (int64_t one = 0; one < held; one++) {
        const int64_t concept = held_code[one] / GRADES, grade = held_code[one] % GRADES;
        const double *worth = all->worth + grade * LEVELS;
        for (int64_t at = all->covers_first[concept]; at < all->covers_first[concept + 1]; at++) {
            const int64_t near = all->covers_concept[at];
            const double value = all->covers_value[at];
            double *met = out_met + near * LEVELS;
            for (int64_t need = 0; need < LEVELS; need++) met[need] = larger(met[need], value * worth[need]);
            known[near] = larger(known[near], value);
            out_ability[near] = larger(out_ability[near], value * all->level[grade]);
        }
    }
    for (int64_t one = 0; one < all->concepts; one++)
        for (int64_t need = 0; need < LEVELS; need++)
            out_gain[one * LEVELS + need] =
                gain_of(out_met[one * LEVELS + need], larger(known[one], out_interest[one]));
    for (int64_t need = 0; need < LEVELS; need++) /* who teaches nothing adds nothing */
        out_gain[(all->concepts - 1) * LEVELS + need] = 0.0;
}

/* `Spans._shares`: the share of a span's days on which a student is free. */
static double share_free(const Columns *all, const Caller *who, int64_t span)
{
    const int64_t pattern = all->span_pattern[span], days = all->span_days[span];
    if (pattern == 0) return 0.0; /* of no weekday */
    if (pattern >= all->patterns) return who->outside[pattern - all->patterns];
    const int64_t base = pattern * (all->grid_length + 1) - all->grid_first;
    const int32_t free_days = who->counts[base + all->span_end[span] + 1] - who->counts[base + all->span_start[span]];
    return (double)free_days / (double)(days > 1 ? days : 1);
}

/* `Spans.judge`: the calendar part of a row, or -1 where its days or the student's age rule it out. */
static double calendar(const Columns *all, const Caller *who, int64_t row)
{
    const int64_t from = all->span_at[row], until = from + all->span_count[row];
    const int is_training = row >= all->training_from;
    int64_t enough = INT64_MIN, too_old = INT64_MAX;
    if (who->enough) {
        const int16_t least = all->min_age[row], most = all->max_age[row];
        enough = who->enough[least < 0 ? who->ages - 1 : least];
        too_old = who->too_old[most < 0 ? who->ages - 1 : most];
    }
    if (from == until) return enough <= all->day && all->day < too_old ? FULL : -1.0;
    int64_t first = INT64_MAX; /* a path is begun with its first lesson */
    for (int64_t span = from; is_training && span < until; span++)
        if (all->span_start[span] < first) first = all->span_start[span];
    int is_open = 0;
    double best = -1.0, worst = FULL + 1.0;
    for (int64_t span = from; span < until; span++) {
        const int64_t start = is_training ? first : all->span_start[span];
        const int is_takeable = all->span_end[span] >= all->day && start >= enough && start < too_old;
        is_open |= is_takeable;
        if (!who->counts) continue;
        const double share = share_free(all, who, span);
        worst = smaller(worst, share);
        if (is_takeable) best = larger(best, share);
    }
    if (who->enough && !is_open) return -1.0;
    if (!who->counts) return UNKNOWN;
    const double share = is_training ? worst : best;
    return share >= all->least[all->kind[row]] ? share : -1.0;
}

/* `Layout.values`: the parts of a row as if all days were free. */
static void rate(const Columns *all, const Caller *who, int64_t row, double travel, double *out)
{
    const uint32_t *need = all->need + all->need_at[row];
    const int64_t needs = all->need_count[row];
    double counts[LEVELS] = {0.0}, worth = 0.0, ability = 0.0, gain = 0.0, pleasure = 0.0, nearest = 0.0;
    for (int64_t one = 0; one < needs; one++) {
        const uint32_t role = need[one] & 3, key = need[one] >> 2, concept = need[one] >> 4;
        counts[role] += 1.0;
        if (role <= WANTED) {
            worth += who->met[key] * (role == REQUIRED ? REQUIRED_WEIGHT : 1.0);
            ability += who->ability[concept];
        } else if (role == TAUGHT) {
            gain += who->gain[key];
        }
        pleasure += who->interest[concept];
        nearest = larger(nearest, who->interest[concept]);
    }
    const double load = REQUIRED_WEIGHT * counts[REQUIRED] + counts[WANTED];
    const double asked = larger(counts[REQUIRED] + counts[WANTED], 1.0);
    const double surplus = ability / asked - (double)all->levels[row] / asked;
    out[SKILLS] = load > 0.0 ? worth / load : UNSAID;
    out[CHALLENGE] = load > 0.0 ? larger(1.0 - larger(fabs(surplus) - 1.0, 0.0) / 2.0, 0.0) : UNSAID;
    out[LEARNING] = gain / larger(counts[TAUGHT], 1.0);
    out[INTEREST] = who->has_interests ? (nearest + pleasure / (double)needs) / 2.0 : 0.0;
    out[TRAVEL] = travel;
    out[CALENDAR] = who->counts || !all->span_count[row] ? FULL : UNKNOWN;
    out[PROGRAMME] = who->affinity[all->eligibility[row]];
    out[HOURS] = 0.0;
    if (who->hours_owed > 0)
        out[HOURS] =
            all->hours[row] > 0 ? smaller((double)all->hours[row] / (double)who->hours_owed, 1.0) : UNSAID;
    out[FRESHNESS] = all->freshness[row];
    out[ANSWERS] = isnan(all->answers[row]) ? UNSAID : all->answers[row];
}

/* `Layout.scores` */
static double score_of(const Caller *who, int64_t kind, const double *parts)
{
    double sum = who->weights[kind] * parts[0];
    for (int64_t part = 1; part < PARTS; part++) sum += who->weights[part * KINDS + kind] * parts[part];
    return sum / who->totals[kind];
}

static inline int is_behind(Line one, Line other)
{
    if (one.score != other.score) return one.score < other.score;
    return one.tie != other.tie ? one.tie > other.tie : one.row > other.row;
}

/* Put a line into a heap whose first line is the last of the best. */
static void sift_up(Line *heap, int64_t at, Line line)
{
    while (at > 0 && is_behind(line, heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = line;
}

static void sift_down(Line *heap, int64_t size, Line line)
{
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= size) break;
        if (child + 1 < size && is_behind(heap[child + 1], heap[child])) child++;
        if (!is_behind(heap[child], line)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = line;
}

/* `Index._best`: the best `most` of the rows at some points behind the last line seen, in order.

   Gives how many there are, those rows, which of the points they lie at, their scores and their parts; -1 when memory is
   short. `gone` and `last` may be NULL. A row is judged by the calendar only if it could be among the best with all days free. */
int64_t best(const Columns *all, const Caller *who, int64_t size, const int64_t *points, const double *travel,
             const uint8_t *gone, const double *last_score, uint64_t last_tie, int64_t most, int64_t *out_rows,
             int64_t *out_places, double *out_scores, double *out_parts)
{
    Line *heap = malloc(sizeof(Line) * (most ? most : 1));
    double *parts = malloc(sizeof(double) * PARTS * (most + 1)); /* by slot; one more for the row at hand */
    int64_t found = heap && parts ? 0 : -1, spare = 0;
    if (most == 0) size = 0;
    for (int64_t place = 0; found >= 0 && place < size; place++) {
        for (int64_t row = all->first[points[place]]; row < all->first[points[place] + 1]; row++) {
            const int64_t kind = all->kind[row];
            if (!who->admits[all->eligibility[row]] || (gone && gone[row])) continue;
            double *own = parts + spare * PARTS;
            rate(all, who, row, travel[place], own);
            Line line = {score_of(who, kind, own), all->ties[row], row, place, spare};
            if (found == most && is_behind(line, heap[0])) continue;
            const double share = calendar(all, who, row);
            if (share < 0.0) continue;
            own[CALENDAR] = share;
            line.score = score_of(who, kind, own);
            if (last_score && !is_behind(line, (Line){*last_score, last_tie, INT64_MAX, 0, 0})) continue;
            if (found < most) {
                sift_up(heap, found, line);
                spare = ++found;
            } else if (is_behind(heap[0], line)) {
                spare = heap[0].slot;
                sift_down(heap, found, line);
            }
        }
    }
    for (int64_t left = found; left > 0; left--) { /* the last of the best comes off first */
        const Line line = heap[0];
        sift_down(heap, left - 1, heap[left - 1]);
        out_rows[left - 1] = line.row;
        out_places[left - 1] = line.place;
        out_scores[left - 1] = line.score;
        for (int64_t part = 0; part < PARTS; part++)
            out_parts[(left - 1) * PARTS + part] = parts[line.slot * PARTS + part];
    }
    free(heap);
    free(parts);
    return found;
}
