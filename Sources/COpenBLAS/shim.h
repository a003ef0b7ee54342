#include <cblas.h>

// LAPACK's own symbols, which OpenBLAS carries; Debian has no header for them beside it. A character's length follows the arguments, as gfortran passes it.
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, unsigned long uplo_length);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b, const int *ldb, int *info, unsigned long uplo_length);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, unsigned long uplo_length);
