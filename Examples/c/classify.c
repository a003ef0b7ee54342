/* Labels texts with a .lathe file that holds a vocabulary and labels, one text a line of standard input.
 *
 *   clang classify.c -I Sources/CLathe/include -L .build/release -llatheruntime -o classify
 *   echo "a compiler for C" | LD_LIBRARY_PATH=.build/release ./classify MODEL.lathe */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lathe.h"

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, lathe_last_error());
  return 1;
}

static void print_port(const char *kind, const lathe_port *port) {
  fprintf(stderr, "%s %s: type %d, [", kind, port->name, port->dtype);
  for (int32_t axis = 0; axis < port->rank; axis++) fprintf(stderr, "%s%lld", axis ? ", " : "", (long long)port->shape[axis]);
  fprintf(stderr, "]\n");
}

static int describe(const lathe_model *model) {
  lathe_port port;
  for (int32_t i = 0; i < lathe_input_count(model); i++) {
    if (lathe_describe_input(model, i, &port) != LATHE_OK) return fail("input");
    print_port("input", &port);
  }
  for (int32_t i = 0; i < lathe_output_count(model); i++) {
    if (lathe_describe_output(model, i, &port) != LATHE_OK) return fail("output");
    print_port("output", &port);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s MODEL.lathe < texts\n", argv[0]);
    return LATHE_USAGE;
  }
  lathe_model *model;
  lathe_status status = lathe_open(argv[1], 1, &model);
  if (status != LATHE_OK) {
    fail("cannot open the model");
    return status;
  }
  int failed = describe(model);
  char line[65536];
  while (!failed && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    const char *text = line;
    lathe_prediction prediction;
    if (lathe_classify(model, &text, 1, &prediction) != LATHE_OK) failed = fail("classify");
    else printf("%s\t%.4f\t%s\n", prediction.label ? prediction.label : "?", prediction.probability, line);
  }
  lathe_close(model);
  return failed;
}
