/* The inner loops of the linker, compiled: the same sums as `lexical.py` and `linker.py`, to the last bit.

   Sums of products of two floats are taken in double, where they are exact, so that their order does not matter. Nothing is
   written but what is named `out`, and nothing is kept between calls.                                                    */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FEATURES = 4 };
enum { SPELLING, LABEL_COVER, QUERY_COVER, HEAD };

/* As in `lexical.py` and `linker.py`: the tests hold both ways against the definition. */
static const double ROUNDED = 1e-5;
static const float SAME = 1.0f;

/* Words and the pieces (runs of two or three letters) that they consist of, each of a word's pieces once. */
typedef struct {
    const int64_t *first; /* of each piece the first word that has it, and one more */
    const int32_t *word;
    const int32_t *pieces; /* how many a word has */
    const float *share; /* 1 / their root */
    const int64_t *start; /* of each word its first letter, and one more */
    const uint32_t *letter;
    int64_t words;
} Spelt;

/* The labels of all concepts. */
typedef struct {
    const int64_t *held; /* of each word the first concept that has it, and one more */
    const int32_t *holder;
    const float *most; /* features: the most that the word brings this concept */
    const int64_t *entry; /* of each concept its first word of a label, and one more */
    const int32_t *label, *place;
    const float *value; /* features: what the word brings */
    int64_t concepts, words;
} Labels;

/* A word of a query; behind it `size` values (what each word of the labels that it may stand for counts) and their places,
   filled up to whole values. The next word begins there.                                                               */
typedef struct {
    double weight;
    int64_t size;
} Asked;

int64_t size_of_spelt(void) { return sizeof(Spelt); }
int64_t size_of_labels(void) { return sizeof(Labels); }
int64_t size_of_asked(void) { return sizeof(Asked); }

static inline int64_t smaller(int64_t one, int64_t other) { return one < other ? one : other; }
static inline int64_t larger(int64_t one, int64_t other) { return one > other ? one : other; }
static inline const double *values_of(const Asked *one) { return (const double *)(one + 1); }
static inline const int32_t *places_of(const Asked *one) { return (const int32_t *)(values_of(one) + one->size); }
static inline const Asked *after(const Asked *one)
{
    return (const Asked *)(values_of(one) + one->size + (one->size + 1) / 2);
}

/* How many of some pieces each word has; NULL when memory is short. */
static int32_t *shared(const Spelt *all, int64_t size, const int32_t *piece)
{
    int32_t *common = calloc(all->words + 1, sizeof *common);
    for (int64_t one = 0; common && one < size; one++)
        for (int64_t at = all->first[piece[one]]; at < all->first[piece[one] + 1]; at++) common[all->word[at]]++;
    return common;
}

/* `Spelling._near`: the words whose pieces have at least a cosine of `least` with `size` of a word that has `pieces` of
   them, the nearest first, `most` at the most. Gives how many; -1 when memory is short.                                 */
int64_t near(const Spelt *all, int64_t size, const int32_t *piece, float own, float least, int64_t most,
             int32_t *out_word, float *out_cosine)
{
    int32_t *common = shared(all, size, piece);
    if (!common) return -1;
    int64_t found = 0;
    for (int64_t word = 0; word < all->words; word++) {
        if (!common[word]) continue;
        const float both = all->share[word] * own;
        const float cosine = (float)((double)common[word] * (double)both);
        if (cosine < least || (found == most && cosine <= out_cosine[most - 1])) continue;
        int64_t at = found < most ? found++ : most - 1;
        for (; at > 0 && out_cosine[at - 1] < cosine; at--) {
            out_cosine[at] = out_cosine[at - 1];
            out_word[at] = out_word[at - 1];
        }
        out_cosine[at] = cosine;
        out_word[at] = (int32_t)word;
    }
    free(common);
    return found;
}

/* `words.edits`, with room for three rows of the longer word and one more in `row`. */
static int64_t edits(const uint32_t *one, int64_t length, const uint32_t *other, int64_t others, int64_t most,
                     int32_t *row)
{
    if (length - others > most || others - length > most) return most + 1;
    while (length && others && *one == *other) one++, other++, length--, others--;
    while (length && others && one[length - 1] == other[others - 1]) length--, others--;
    if (!length || !others) return smaller(length + others, most + 1);
    int32_t *before = row, *above = row + others + 1, *now = above + others + 1;
    for (int64_t along = 0; along <= others; along++) now[along] = (int32_t)along;
    for (int64_t down = 1; down <= length; down++) {
        int32_t *spare = before;
        before = above, above = now, now = spare;
        int64_t least = now[0] = (int32_t)down;
        for (int64_t along = 1; along <= others; along++) {
            int64_t cost = above[along - 1] + (one[down - 1] != other[along - 1]);
            cost = smaller(cost, smaller(above[along], now[along - 1]) + 1);
            if (down > 1 && along > 1 && one[down - 1] == other[along - 2] && one[down - 2] == other[along - 1])
                cost = smaller(cost, before[along - 2] + 1);
            now[along] = (int32_t)cost;
            least = smaller(least, cost);
        }
        if (least > most) return most + 1;
    }
    return smaller(now[others], most + 1);
}

/* `Writing._search`: of the words in which a letter or two must be changed to get a given one, those with the fewest changes.

   `size` of the `pieces` of the given word are known; a change of a letter spoils two pieces, a swap three. Gives how many
   there are, and in `out_edits` the changes; -1 when memory is short.                                                     */
int64_t meant(const Spelt *all, int64_t size, const int32_t *piece, int64_t pieces, int64_t length,
              const uint32_t *letter, int64_t sound, int64_t most_edits, int64_t *out_edits, int32_t *out_word)
{
    int32_t *common = shared(all, size, piece);
    int32_t *row = malloc(3 * (length + most_edits + 1) * sizeof *row);
    const int64_t enough = larger(1, pieces - 2 * most_edits - 1); /* passes over nearly all with one look */
    int64_t found = common && row ? 0 : -1;
    for (int64_t word = 0; found >= 0 && word < all->words; word++) {
        if (common[word] < enough) continue;
        const int64_t others = all->start[word + 1] - all->start[word];
        const int64_t allowed = smaller(most_edits, larger(length, others) / sound);
        if (common[word] < larger(all->pieces[word], pieces) - 2 * allowed - 1) continue;
        if (length - others > allowed || others - length > allowed) continue;
        const int64_t count = edits(letter, length, all->letter + all->start[word], others, allowed, row);
        if (count > allowed || (found && count > *out_edits)) continue;
        if (count < *out_edits || !found) found = 0, *out_edits = count;
        out_word[found++] = (int32_t)word;
    }
    free(common);
    free(row);
    return found;
}

/* What a word of the labels counts for a query, and the query's word that it stands for. */
typedef struct {
    float count[FEATURES];
    double weighed;
    int64_t word;
} Term;

typedef struct {
    double value;
    int64_t concept;
} Line;

static inline int is_before(Line one, Line other)
{
    return one.value != other.value ? one.value > other.value : one.concept < other.concept;
}

/* Let the first line of a heap, whose first line is before all others, sink to where it belongs. */
static void sink(Line *heap, int64_t size, int64_t at)
{
    const Line line = heap[at];
    for (int64_t child = 2 * at + 1; child < size; at = child, child = 2 * at + 1) {
        if (child + 1 < size && is_before(heap[child + 1], heap[child])) child++;
        if (!is_before(heap[child], line)) break;
        heap[at] = heap[child];
        heap[child] = line;
    }
}

/* `LexicalIndex.features`, weighted and added up with what the encoders say, in the order of `linker._weighted`. */
static float score_of(const Labels *all, const Term *terms, const int32_t *slot, const float *scale, int64_t features,
                      const float *weight, const float *meaning, int64_t concept, int64_t words, float *covered)
{
    double spelling = 0.0, cover = 0.0, best_spelling = 0.0, best_cover = 0.0, query = 0.0, head = 0.0;
    memset(covered, 0, words * sizeof *covered);
    int32_t label = -1;
    for (int64_t at = all->entry[concept]; at < all->entry[concept + 1]; at++) {
        if (all->label[at] != label) label = all->label[at], spelling = cover = 0.0;
        const int32_t number = slot[all->place[at]];
        if (!number) continue;
        const Term *term = terms + number - 1;
        const float *value = all->value + at * FEATURES;
        const float asked = value[QUERY_COVER] * term->count[QUERY_COVER];
        spelling += value[SPELLING] * term->count[SPELLING];
        cover += value[LABEL_COVER] * term->count[LABEL_COVER];
        head += value[HEAD] * term->count[HEAD];
        if (spelling > best_spelling) best_spelling = spelling;
        if (cover > best_cover) best_cover = cover;
        if (asked > covered[term->word]) covered[term->word] = asked;
    }
    for (int64_t word = 0; word < words; word++) query += covered[word];
    const double found[FEATURES] = {best_spelling, best_cover, query, head};
    float score = 0.0f;
    for (int64_t one = 0; one < FEATURES; one++) {
        float feature = (float)found[one] * scale[one];
        if (feature > 1.0f) feature = 1.0f;
        score += weight[one] * feature;
    }
    for (int64_t one = FEATURES; one < features; one++)
        score += weight[one] * meaning[(one - FEATURES) * all->concepts + concept];
    return score;
}

/* `SkillLinker._best`: the best `most` concepts for a query of some words, with their scores.

   Bounds are cheap and scores are not: concepts are scored in the order of their bounds until none that is left can be among
   the best. `meaning` has a line for each feature beyond the words'. Gives how many there are; -1 when memory is short.   */
int64_t nearest(const Labels *all, int64_t words, const Asked *asked, int64_t leading, double length, double total,
                int64_t features, const float *weight, const float *meaning, int64_t same_size,
                const int64_t *same, int64_t most, int64_t *out_concept, double *out_score)
{
    const float scale[FEATURES] = {1.0f, 1.0f, (float)(length / total), 1.0f};
    int64_t size = 0, found = -1, near_size = 0;
    const Asked *own = asked;
    for (int64_t word = 0; word < words; word++, own = after(own)) size += own->size;
    int32_t *slot = calloc(all->words + 1, sizeof *slot);
    Term *terms = calloc(size + 1, sizeof *terms);
    float *covered = malloc((words + 1) * sizeof *covered);
    double *bound = calloc(all->concepts + 1, sizeof *bound);
    Line *heap = malloc((all->concepts + 1) * sizeof *heap);
    if (!slot || !terms || !covered || !bound || !heap) goto out;

    size = 0, own = asked;
    for (int64_t word = 0; word < words; word++, own = after(own)) {
        for (int64_t one = 0; one < own->size; one++) {
            const int32_t place = places_of(own)[one];
            if (!slot[place]) slot[place] = (int32_t)++size;
            Term *term = terms + slot[place] - 1;
            const float like = (float)values_of(own)[one];
            const double weighed = values_of(own)[one] * own->weight / length;
            if (like > term->count[LABEL_COVER]) term->count[LABEL_COVER] = like;
            if (weighed > term->weighed) {
                term->weighed = weighed, term->word = word;
                term->count[SPELLING] = term->count[QUERY_COVER] = (float)weighed;
            }
            if (word == leading) term->count[HEAD] = like;
        }
    }
    for (int64_t place = 0, left = size; left > 0; place++) {
        if (!slot[place]) continue;
        left--;
        double count[FEATURES];
        for (int64_t one = 0; one < FEATURES; one++)
            count[one] = terms[slot[place] - 1].count[one] * (double)scale[one] * weight[one];
        for (int64_t at = all->held[place]; at < all->held[place + 1]; at++) {
            const float *brings = all->most + at * FEATURES;
            double *sum = bound + all->holder[at];
            if (*sum == 0.0) {
                *sum = ROUNDED;
                heap[near_size++].concept = all->holder[at];
            }
            *sum += brings[0] * count[0] + brings[1] * count[1] + brings[2] * count[2] + brings[3] * count[3];
        }
    }
    const int is_meant = features > FEATURES;
    if (is_meant || near_size < most)
        for (near_size = 0; near_size < all->concepts; near_size++) heap[near_size].concept = near_size;
    for (int64_t one = 0; one < near_size; one++) {
        double sum = bound[heap[one].concept] + (is_meant ? ROUNDED : 0.0);
        for (int64_t place = FEATURES; place < features; place++)
            sum += weight[place] * meaning[(place - FEATURES) * all->concepts + heap[one].concept];
        for (int64_t at = 0; at < same_size; at++) /* few: concepts with a label of these very words */
            if (same[at] == heap[one].concept) sum += SAME;
        heap[one].value = sum;
    }
    for (int64_t at = near_size / 2; at-- > 0;) sink(heap, near_size, at);
    found = 0;
    while (near_size > 0 && most > 0) {
        const Line next = heap[0];
        if (found == most && !is_before(next, (Line){out_score[most - 1], out_concept[most - 1]})) break;
        heap[0] = heap[--near_size];
        if (near_size) sink(heap, near_size, 0);
        float score =
            score_of(all, terms, slot, scale, features, weight, meaning, next.concept, words, covered);
        for (int64_t one = 0; one < same_size; one++)
            if (same[one] == next.concept) score += SAME;
        const Line line = {score, next.concept};
        if (found == most && !is_before(line, (Line){out_score[most - 1], out_concept[most - 1]})) continue;
        int64_t at = found < most ? found++ : most - 1;
        for (; at > 0 && is_before(line, (Line){out_score[at - 1], out_concept[at - 1]}); at--) {
            out_score[at] = out_score[at - 1];
            out_concept[at] = out_concept[at - 1];
        }
        out_score[at] = line.value;
        out_concept[at] = line.concept;
    }
out:
    free(slot), free(terms), free(covered), free(bound), free(heap);
    return found;
}

static inline int32_t product(const int8_t *row, const int16_t *text, int64_t width)
{
    int32_t sum = 0;
    for (int64_t place = 0; place < width; place++) sum += (int16_t)row[place] * text[place];
    return sum;
}

/* `Vectors.cosines`: of each text the greatest cosine with a row of each group, text by text. */
void cosines(const int8_t *row, const float *scale, int64_t width, int64_t groups, const int64_t *first,
             int64_t texts, const int16_t *text, const float *text_scale, float *out)
{
    for (int64_t group = 0; group < groups; group++) {
        for (int64_t one = 0; one < texts; one++) {
            float best = -INFINITY;
            for (int64_t at = first[group]; at < first[group + 1]; at++) {
                const float own = scale[at] * text_scale[one];
                const float cosine = (float)product(row + at * width, text + one * width, width) * own;
                best = cosine > best ? cosine : best;
            }
            out[one * groups + group] = best;
        }
    }
}
