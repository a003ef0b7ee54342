#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lathe_kernels.h"

#if defined(__x86_64__)
#define RELAX() __builtin_ia32_pause()
#else
#define RELAX() ((void)0)
#endif

/* Looks at a shared number before a thread sleeps: some tens of microseconds, longer than the gaps between the operators of a model. */
enum { SPINS = 20000 };

/* Parts of the work for each thread, so that a slow one leaves its share to the others. */
enum { PARTS = 4 };

typedef struct worker {
  pthread_t thread;
  lathe_pool *pool;
  int index;
} worker;

struct lathe_pool {
  int threads;
  worker *workers;
  pthread_mutex_t turn; /* one caller at a time */
  pthread_mutex_t lock; /* for sleeping */
  pthread_cond_t wake;
  /* Parts of the present work in the upper half, parts taken in the lower: who takes one learns both at once, so that nobody who comes late
   * takes a part of the next work for one of this. */
  atomic_ullong ticket;
  atomic_uint completed; /* parts that are done */
  atomic_uint generation;
  atomic_int sleepers;
  atomic_bool ends;
  size_t count;
  void (*body)(void *, int, size_t, size_t);
  void *context;
};

/* Takes parts and works on them until none is left: a thread that the system does not run holds up at most the part it took. */
static void work(lathe_pool *pool, int thread) {
  while (true) {
    unsigned long long ticket = atomic_fetch_add_explicit(&pool->ticket, 1, memory_order_acq_rel);
    size_t parts = ticket >> 32, part = ticket & 0xffffffffu;
    if (part >= parts) return;
    pool->body(pool->context, thread, pool->count * part / parts, pool->count * (part + 1) / parts);
    atomic_fetch_add_explicit(&pool->completed, 1, memory_order_release);
  }
}

static unsigned await(lathe_pool *pool, unsigned seen) {
  for (int spin = 0; spin < SPINS; spin++) {
    unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
    if (now != seen) return now;
    RELAX();
  }
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(&pool->generation) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->lock);
  return atomic_load(&pool->generation);
}

static void *run_worker(void *argument) {
  worker *self = argument;
  lathe_pool *pool = self->pool;
  unsigned seen = 0;
  while (true) {
    seen = await(pool, seen);
    if (atomic_load(&pool->ends)) return NULL;
    work(pool, self->index);
  }
}

static void announce(lathe_pool *pool) {
  atomic_fetch_add(&pool->generation, 1);
  if (atomic_load(&pool->sleepers) == 0) return;
  pthread_mutex_lock(&pool->lock);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

lathe_pool *lathe_pool_create(int threads) {
  lathe_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->threads = threads < 1 ? 1 : threads;
  pool->workers = calloc((size_t)pool->threads, sizeof *pool->workers);
  pthread_mutex_init(&pool->turn, NULL);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  int started = 1;
  for (; pool->workers != NULL && started < pool->threads; started++) {
    worker *w = &pool->workers[started];
    w->pool = pool;
    w->index = started;
    if (pthread_create(&w->thread, NULL, run_worker, w) != 0) break;
  }
  if (started == pool->threads) return pool;
  pool->threads = started;
  lathe_pool_destroy(pool);
  return NULL;
}

void lathe_pool_destroy(lathe_pool *pool) {
  if (pool == NULL) return;
  atomic_store(&pool->ends, true);
  announce(pool);
  for (int thread = 1; pool->workers != NULL && thread < pool->threads; thread++) pthread_join(pool->workers[thread].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->turn);
  free(pool->workers);
  free(pool);
}

int lathe_pool_threads(const lathe_pool *pool) { return pool->threads; }

void lathe_pool_run(
    lathe_pool *pool, size_t count, size_t grain, void (*body)(void *, int, size_t, size_t), void *context) {
  size_t most = grain == 0 ? count : count / grain;
  if (pool->threads == 1 || most <= 1) {
    if (count > 0) body(context, 0, 0, count);
    return;
  }
  pthread_mutex_lock(&pool->turn);
  pool->count = count;
  pool->body = body;
  pool->context = context;
  size_t parts = (size_t)pool->threads * PARTS < most ? (size_t)pool->threads * PARTS : most;
  atomic_store(&pool->completed, 0);
  atomic_store_explicit(&pool->ticket, (unsigned long long)parts << 32, memory_order_release);
  announce(pool);
  work(pool, 0);
  for (int spin = 0; atomic_load_explicit(&pool->completed, memory_order_acquire) < parts; spin++) {
    RELAX();
    if (spin > SPINS) sched_yield();
  }
  pthread_mutex_unlock(&pool->turn);
}
