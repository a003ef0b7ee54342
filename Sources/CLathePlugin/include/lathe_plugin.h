/* Passes for Lathe, written in C.
 *
 * A shared object exports lathe_plugin_open(), which tells its passes. A pass sees the graph as tables, may put other numbers into
 * constants, and says what became of everything it looked at. Everything it is given lives until it returns.
 *
 *   cc -O2 -shared -fPIC -I <where this file is> my_pass.c -o my_pass.so
 *   lathe convert in.onnx -o out.lathe --plugin ./my_pass.so --pass my/pass
 */
#ifndef LATHE_PLUGIN_H
#define LATHE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this file's structures; a plugin of another version is refused. */
#define LATHE_PLUGIN_INTERFACE 1

/* A value of the graph: an input, a constant, or what a node produces. */
typedef struct lathe_value {
  const char *name;
  const char *type;       /* element type: "f32", "i64", ...; NULL where unknown or no tensor */
  int32_t rank;           /* -1 where unknown */
  const int64_t *extents; /* rank numbers; -1 where an extent is symbolic */
  const void *data;       /* a constant's elements, row-major, little-endian; else NULL */
  size_t byte_count;
} lathe_value;

/* An operation. Operands are indices of values; -1 stands for one that is left out. */
typedef struct lathe_node {
  const char *name; /* may be empty */
  const char *domain;
  const char *op;
  const char *description; /* how Lathe's own messages call it; the subject to give to the host */
  size_t input_count;
  const int64_t *inputs;
  size_t output_count;
  const int64_t *outputs;
} lathe_node;

/* Nodes stand in topological order. */
typedef struct lathe_graph {
  size_t value_count;
  const lathe_value *values;
  size_t node_count;
  const lathe_node *nodes;
  size_t input_count;
  const int64_t *inputs;
  size_t output_count;
  const int64_t *outputs;
} lathe_graph;

/* What a pass may call while it runs; context is always the first argument. */
typedef struct lathe_host {
  void *context;
  const char *options; /* the pass's options, a JSON object */
  void (*done)(void *context, const char *subject);
  void (*declined)(void *context, const char *subject, const char *reason);
  void (*note)(void *context, const char *line); /* stands in the ledger */
  void (*fail)(void *context, const char *message); /* before returning something other than 0 */
  /* Gives a constant other elements, of the same type and shape. Returns 0, or 1 where the value is no constant of that size. */
  int (*set_constant)(void *context, size_t value, const void *data, size_t byte_count);
} lathe_host;

typedef enum lathe_guarantee {
  LATHE_IDENTICAL_BITS = 0,  /* not one bit of any output changes */
  LATHE_RELATIVE_ERROR = 1,  /* largest error of an output over its largest magnitude, at most bound */
  LATHE_ABSOLUTE_ERROR = 2,  /* largest error, at most bound */
  LATHE_COSINE = 3,          /* of any row of an output, at least bound */
  LATHE_AGREEMENT = 4        /* share of the rows whose largest element stays in place, at least bound */
} lathe_guarantee;

typedef struct lathe_pass {
  const char *id;      /* "family/name" */
  const char *summary; /* one line */
  lathe_guarantee guarantee;
  double bound;
  int (*run)(const lathe_graph *graph, const lathe_host *host); /* 0, or not 0 for failure */
} lathe_pass;

typedef struct lathe_plugin {
  uint32_t interface; /* LATHE_PLUGIN_INTERFACE */
  uint32_t pass_count;
  const lathe_pass *passes;
} lathe_plugin;

/* What a plugin has to export. */
const lathe_plugin *lathe_plugin_open(void);

#ifdef __cplusplus
}
#endif
#endif
