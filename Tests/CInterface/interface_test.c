/* What lathe.h promises, one check after the other; argv[1] is a model of texts, argv[2] one of x: f32[n, 3] -> y = 2 x: f32[n, 3], x. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lathe.h"

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, lathe_last_error()); \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

static lathe_tensor rows(float *data, int64_t count) {
  lathe_tensor tensor = {.dtype = LATHE_FLOAT32, .rank = 2, .shape = {count, 3}, .data = data, .byte_count = (size_t)count * 12};
  return tensor;
}

static void check_faults(const char *path, lathe_model *model) {
  lathe_model *none = (lathe_model *)1;
  CHECK(lathe_open("/nonexistent.lathe", 1, &none) == LATHE_MISSING_INPUT && none == NULL);
  CHECK(strstr(lathe_last_error(), "/nonexistent.lathe") != NULL);
  CHECK(lathe_open(__FILE__, 1, &none) == LATHE_BAD_DATA);
  CHECK(lathe_open(path, 0, &none) == LATHE_USAGE);
  CHECK(lathe_open(NULL, 1, &none) == LATHE_USAGE);
  CHECK(lathe_open(path, 1, NULL) == LATHE_USAGE);
  CHECK(lathe_open_memory("not a model", 11, 1, &none) == LATHE_BAD_DATA);
  CHECK(lathe_input_count(NULL) == 0);
  lathe_port port;
  CHECK(lathe_describe_input(model, 7, &port) == LATHE_USAGE);
  CHECK(lathe_describe_input(model, -1, &port) == LATHE_USAGE);
  lathe_result *result;
  float data[3] = {1, 2, 3};
  lathe_tensor tensor = rows(data, 1);
  CHECK(lathe_run(model, &tensor, 2, &result) == LATHE_USAGE);
  tensor.rank = 99;
  CHECK(lathe_run(model, &tensor, 1, &result) == LATHE_USAGE && result == NULL);
  tensor = rows(data, 1);
  tensor.dtype = LATHE_INT64;
  CHECK(lathe_run(model, &tensor, 1, &result) == LATHE_BAD_DATA);
  tensor = rows(data, 4);
  tensor.byte_count = 12;
  CHECK(lathe_run(model, &tensor, 1, &result) == LATHE_BAD_DATA);
  tensor = rows(data, 1);
  tensor.shape[1] = -3;
  CHECK(lathe_run(model, &tensor, 1, &result) == LATHE_BAD_DATA);
  const char *text = "text";
  lathe_prediction prediction;
  CHECK(lathe_classify(model, &text, 1, &prediction) != LATHE_OK);
  lathe_close(NULL);
  lathe_result_free(NULL);
}

static void check_run(lathe_model *model) {
  lathe_port port;
  CHECK(lathe_input_count(model) == 1 && lathe_output_count(model) == 2);
  CHECK(lathe_describe_input(model, 0, &port) == LATHE_OK);
  CHECK(strcmp(port.name, "x") == 0 && port.dtype == LATHE_FLOAT32 && port.rank == 2 && port.shape[0] == -1 && port.shape[1] == 3);
  CHECK(lathe_describe_output(model, 0, &port) == LATHE_OK && strcmp(port.name, "y") == 0);
  for (int64_t count = 1; count < 40; count += 3) {
    float data[120], doubled[120], same[120];
    for (int i = 0; i < 120; i++) data[i] = (float)i;
    lathe_tensor input = rows(data, count);
    lathe_result *result;
    CHECK(lathe_run(model, &input, 1, &result) == LATHE_OK);
    const lathe_tensor *y = lathe_result_output(result, 0), *x = lathe_result_output(result, 1);
    CHECK(y && x && lathe_result_output(result, 2) == NULL && lathe_result_output(result, -1) == NULL);
    CHECK(y->rank == 2 && y->shape[0] == count && y->byte_count == (size_t)count * 12 && x->data != data);
    lathe_tensor outputs[2] = {{.data = doubled, .byte_count = sizeof doubled}, {.data = same, .byte_count = sizeof same}};
    CHECK(lathe_run_into(model, &input, 1, outputs, 2) == LATHE_OK);
    CHECK(outputs[0].rank == 2 && outputs[0].shape[0] == count && outputs[0].byte_count == (size_t)count * 12);
    for (int64_t i = 0; i < 3 * count; i++) {
      CHECK(((float *)y->data)[i] == 2 * data[i] && ((float *)x->data)[i] == data[i]);
      CHECK(doubled[i] == 2 * data[i] && same[i] == data[i]);
    }
    outputs[0].byte_count = 4;
    CHECK(lathe_run_into(model, &input, 1, outputs, 2) == LATHE_USAGE && outputs[0].byte_count == (size_t)count * 12);
    lathe_result_free(result);
  }
}

static void check_results_outlive(const char *path) {
  lathe_model *model;
  CHECK(lathe_open(path, 1, &model) == LATHE_OK);
  float data[3] = {1, 2, 3};
  lathe_tensor input = rows(data, 1);
  lathe_result *result;
  CHECK(lathe_run(model, &input, 1, &result) == LATHE_OK);
  lathe_close(model);
  CHECK(((float *)lathe_result_output(result, 0)->data)[2] == 6);
  lathe_result_free(result);
}

static void check_memory(const char *path) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(size + 1);
  CHECK(bytes != NULL && fread(bytes, 1, size, file) == size);
  fclose(file);
  lathe_model *model;
  for (int shift = 0; shift < 2; shift++) {
    memmove(bytes + shift, bytes, size);
    CHECK(lathe_open_memory(bytes + shift, size, 2, &model) == LATHE_OK);
    check_run(model);
    lathe_close(model);
  }
  bytes[1 + size / 2] ^= 1;
  CHECK(lathe_open_memory(bytes + 1, size, 1, &model) == LATHE_BAD_DATA);
  free(bytes);
}

static const char *const texts[] = {"word", "other word word", "", "word \xff\xfe broken"};
enum { TEXTS = sizeof texts / sizeof *texts };

static void *label(void *model) {
  for (int round = 0; round < 20; round++) {
    lathe_prediction all[TEXTS], one;
    CHECK(lathe_classify(model, texts, TEXTS, all) == LATHE_OK);
    for (int i = 0; i < TEXTS; i++) {
      CHECK(all[i].label != NULL && all[i].index >= 0 && all[i].probability > 0 && all[i].probability <= 1);
      CHECK(lathe_classify(model, &texts[i], 1, &one) == LATHE_OK && one.index == all[i].index && one.label == all[i].label);
    }
  }
  return NULL;
}

static void check_threads(const char *path) {
  lathe_model *model;
  CHECK(lathe_open(path, 2, &model) == LATHE_OK);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, label, model) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  lathe_close(model);
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  CHECK(strcmp(lathe_version(), LATHE_VERSION) == 0);
  lathe_model *model;
  CHECK(lathe_open(argv[2], 1, &model) == LATHE_OK);
  check_faults(argv[2], model);
  check_run(model);
  lathe_close(model);
  check_results_outlive(argv[2]);
  check_memory(argv[2]);
  check_threads(argv[1]);
  puts("done");
  return 0;
}
