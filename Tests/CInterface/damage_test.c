/* Changes every byte of a model in three ways: each file is refused, or gives the result of the whole one. argv[1] is a model of x: f32[n, 3]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lathe.h"

static int result(const char *bytes, size_t size, float y[3]) {
  lathe_model *model;
  lathe_status status = lathe_open_memory(bytes, size, 1, &model);
  if (status == LATHE_BAD_DATA) return 0;
  float x[3] = {1, -2, 3}, same[3];
  lathe_tensor input = {.dtype = LATHE_FLOAT32, .rank = 2, .shape = {1, 3}, .data = x, .byte_count = sizeof x};
  lathe_tensor outputs[2] = {{.data = y, .byte_count = 12}, {.data = same, .byte_count = 12}};
  if (status == LATHE_OK) status = lathe_run_into(model, &input, 1, outputs, 2);
  if (status != LATHE_OK) {
    fprintf(stderr, "status %d: %s\n", status, lathe_last_error());
    exit(1);
  }
  lathe_close(model);
  return 1;
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) return 1;
  char *bytes = malloc(1 << 20);
  size_t size = fread(bytes, 1, 1 << 20, file), refused = 0;
  fclose(file);
  float whole[3], damaged[3];
  if (!result(bytes, size, whole)) return 1;
  const unsigned char changes[] = {0x01, 0x80, 0xff};
  for (size_t place = 0; place < size; place++) {
    for (size_t i = 0; i < sizeof changes; i++) {
      bytes[place] ^= (char)changes[i];
      if (!result(bytes, size, damaged)) refused++;
      else if (memcmp(whole, damaged, sizeof whole) != 0) {
        fprintf(stderr, "byte %zu changed by %d gives another result\n", place, changes[i]);
        return 1;
      }
      bytes[place] ^= (char)changes[i];
    }
  }
  printf("%zu of %zu refused\n", refused, 3 * size);
  free(bytes);
  return refused == 3 * size ? 0 : 2;
}
