/* Reports how many weights each kind of operator reads, and how many of them are zero.
 *
 *   cc -O2 -shared -fPIC -I Sources/CLathePlugin/include Examples/plugins/report_weights.c -o weights.so
 *   lathe convert model.onnx -o model.lathe --plugin ./weights.so --pass example/report-weights
 */
#include "lathe_plugin.h"

#include <stdio.h>
#include <string.h>

enum { MAXIMUM_KINDS = 64 };

typedef struct kind {
  const char *op;
  size_t nodes, weights, zeros;
} kind;

static kind *find(kind *kinds, size_t *count, const char *op) {
  for (size_t i = 0; i < *count; i++)
    if (strcmp(kinds[i].op, op) == 0) return &kinds[i];
  if (*count == MAXIMUM_KINDS) return NULL;
  kinds[*count] = (kind){.op = op};
  return &kinds[(*count)++];
}

static void add_weights(kind *kind, const lathe_value *value) {
  if (value->data == NULL || value->type == NULL || strcmp(value->type, "f32") != 0 || value->rank < 2) return;
  const float *elements = value->data;
  size_t count = value->byte_count / sizeof *elements;
  kind->weights += count;
  for (size_t i = 0; i < count; i++) kind->zeros += elements[i] == 0;
}

static int report(const lathe_graph *graph, const lathe_host *host) {
  kind kinds[MAXIMUM_KINDS];
  size_t count = 0;
  for (size_t n = 0; n < graph->node_count; n++) {
    const lathe_node *node = &graph->nodes[n];
    kind *kind = find(kinds, &count, node->op);
    if (kind == NULL) {
      host->declined(host->context, node->description, "there are more kinds of operators than this pass counts");
      continue;
    }
    kind->nodes++;
    for (size_t i = 0; i < node->input_count; i++)
      if (node->inputs[i] >= 0) add_weights(kind, &graph->values[node->inputs[i]]);
  }
  for (size_t i = 0; i < count; i++) {
    if (kinds[i].weights == 0) continue;
    char line[256];
    snprintf(line, sizeof line, "%s: %zu nodes read %zu weights, %.2f %% of them zero", kinds[i].op, kinds[i].nodes,
             kinds[i].weights, 100.0 * (double)kinds[i].zeros / (double)kinds[i].weights);
    host->note(host->context, line);
  }
  return 0;
}

static const lathe_pass passes[] = {
    {"example/report-weights", "report the weights that each kind of operator reads", LATHE_IDENTICAL_BITS, 0, report},
};

static const lathe_plugin plugin = {LATHE_PLUGIN_INTERFACE, 1, passes};

const lathe_plugin *lathe_plugin_open(void) { return &plugin; }
