/* Lathe's runtime for C: opens a .lathe file, runs it, and labels texts.
 *
 * Every function may be called from any thread, and one model may be run by several threads at once; only lathe_close must come last. Functions
 * that can fail return LATHE_OK or another status; lathe_last_error tells what went wrong on the calling thread. Strings that are returned
 * belong to the model and live until it is closed, unless something else is said.
 */
#ifndef LATHE_H
#define LATHE_H

#include <stddef.h>
#include <stdint.h>

#define LATHE_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are those of the command line's exit codes. */
typedef enum lathe_status {
  LATHE_OK = 0,
  LATHE_USAGE = 64,         /* a call that makes no sense */
  LATHE_BAD_DATA = 65,      /* the file or the inputs are bad */
  LATHE_MISSING_INPUT = 66, /* there is no such file */
  LATHE_FAULT = 70          /* a fault of Lathe's */
} lathe_status;

/* Element types, numbered as in ONNX. */
typedef enum lathe_dtype {
  LATHE_UNKNOWN_TYPE = 0,
  LATHE_FLOAT32 = 1,
  LATHE_UINT8 = 2,
  LATHE_INT8 = 3,
  LATHE_UINT16 = 4,
  LATHE_INT16 = 5,
  LATHE_INT32 = 6,
  LATHE_INT64 = 7,
  LATHE_BOOL = 9,
  LATHE_FLOAT16 = 10,
  LATHE_FLOAT64 = 11,
  LATHE_UINT32 = 12,
  LATHE_UINT64 = 13,
  LATHE_BFLOAT16 = 16
} lathe_dtype;

enum { LATHE_MAXIMUM_RANK = 8 };

/* A dense array, the last axis fastest. */
typedef struct lathe_tensor {
  lathe_dtype dtype;
  int32_t rank;
  int64_t shape[LATHE_MAXIMUM_RANK];
  void *data;
  size_t byte_count; /* of data */
} lathe_tensor;

/* An input or output of a model. */
typedef struct lathe_port {
  const char *name;
  lathe_dtype dtype; /* LATHE_UNKNOWN_TYPE if the model does not say */
  int32_t rank;      /* -1 if the model does not say */
  int64_t shape[LATHE_MAXIMUM_RANK]; /* -1 where any extent may be given */
} lathe_port;

/* What a classifier makes of one text. */
typedef struct lathe_prediction {
  int32_t index;
  const char *label; /* NULL if the model names no classes */
  float probability;
} lathe_prediction;

typedef struct lathe_model lathe_model;
typedef struct lathe_result lathe_result;

/* Opens the .lathe file at `path` and maps it; nothing is copied. `threads` work on each run, the caller's among them. On success *model is
 * to be closed; on failure it is NULL. */
lathe_status lathe_open(const char *path, int32_t threads, lathe_model **model);

/* Opens a .lathe file that lies in memory; the bytes must stay until the model is closed. */
lathe_status lathe_open_memory(const void *bytes, size_t byte_count, int32_t threads, lathe_model **model);

/* Closes a model that no thread runs any more. Does nothing for NULL. Results live on. */
void lathe_close(lathe_model *model);

/* What went wrong in the last call on this thread that did not return LATHE_OK; never NULL, good until the next failure on this thread. */
const char *lathe_last_error(void);

int32_t lathe_input_count(const lathe_model *model);
int32_t lathe_output_count(const lathe_model *model);
lathe_status lathe_describe_input(const lathe_model *model, int32_t index, lathe_port *port);
lathe_status lathe_describe_output(const lathe_model *model, int32_t index, lathe_port *port);

/* Runs the model on one tensor for each input, in the model's order. The inputs are read where they lie. On success *result is to be freed; on
 * failure it is NULL. */
lathe_status lathe_run(lathe_model *model, const lathe_tensor *inputs, int32_t input_count, lathe_result **result);

/* The output at `index`; NULL if there is none. Its data lives until the result is freed. */
const lathe_tensor *lathe_result_output(const lathe_result *result, int32_t index);

/* Frees a result. Does nothing for NULL. */
void lathe_result_free(lathe_result *result);

/* As lathe_run, into memory of the caller's: data and byte_count of each output tell where and how much there is, and type, rank and shape are
 * filled in. Where the memory is too small, LATHE_USAGE is returned and byte_count is what is needed. */
lathe_status lathe_run_into(
    lathe_model *model, const lathe_tensor *inputs, int32_t input_count, lathe_tensor *outputs, int32_t output_count);

/* Labels `count` texts in UTF-8, with the vocabulary and the labels that the file holds: a prediction for each text, in their order. Of a text,
 * 64 tokens count, as on the command line. The model's first output must be scores [texts, classes]. */
lathe_status lathe_classify(lathe_model *model, const char *const *texts, size_t count, lathe_prediction *predictions);

/* LATHE_VERSION as the library has it. */
const char *lathe_version(void);

#ifdef __cplusplus
}
#endif

#endif
