/* Ensembles in C: RK4 over vectors of REAL, BYTES wide, GROUPS of them side by side, with the state in registers;
   and dopri5 of the spine, one trajectory after another. Built once per -DREAL, -DBYTES, -DGROUPS.
   Usage: batches PROBLEM BATCH STEPS REPEATS; prints JSON: ns per trajectory and step, checksum. */
#define main spineMain
#include "spine.c"
#undef main

typedef REAL vec __attribute__((vector_size(BYTES)));
enum { LANES = BYTES / sizeof(REAL) };

static inline vec sines(vec x) {
  vec s;
  for (int l = 0; l < LANES; l++) s[l] = sin(x[l]);
  return s;
}

static inline void lorenzField(const vec *y, vec *d) {
  d[0] = (REAL)10 * (y[1] - y[0]);
  d[1] = y[0] * ((REAL)28 - y[2]) - y[1];
  d[2] = y[0] * y[1] - (REAL)(8.0 / 3.0) * y[2];
}

static inline void pendulumField(const vec *y, vec *d) {
  d[0] = y[1];
  d[1] = (REAL)-9.81 * sines(y[0]) - (REAL).1 * y[1];
}

#define ENSEMBLE(name, field, n)                                                                               \
  static void name(REAL *y, long batch, long stride, long steps, REAL h) {                                     \
    const REAL half = h * (REAL).5, sixth = h * (REAL)(1. / 6), third = h * (REAL)(1. / 3);                    \
    for (long at = 0; at < batch; at += GROUPS * LANES) {                                                      \
      vec u[GROUPS][n];                                                                                        \
      for (int g = 0; g < GROUPS; g++)                                                                         \
        for (int i = 0; i < n; i++) u[g][i] = *(vec *)(y + i * stride + at + g * LANES);                       \
      for (long s = 0; s < steps; s++)                                                                         \
        _Pragma("GCC unroll 8") for (int g = 0; g < GROUPS; g++) {                                             \
          vec k1[n], k2[n], k3[n], k4[n], z[n];                                                                \
          field(u[g], k1);                                                                                     \
          for (int i = 0; i < n; i++) z[i] = u[g][i] + half * k1[i];                                           \
          field(z, k2);                                                                                        \
          for (int i = 0; i < n; i++) z[i] = u[g][i] + half * k2[i];                                           \
          field(z, k3);                                                                                        \
          for (int i = 0; i < n; i++) z[i] = u[g][i] + h * k3[i];                                              \
          field(z, k4);                                                                                        \
          for (int i = 0; i < n; i++)                                                                          \
            u[g][i] = u[g][i] + sixth * k1[i] + third * k2[i] + third * k3[i] + sixth * k4[i];                 \
        }                                                                                                      \
      for (int g = 0; g < GROUPS; g++)                                                                         \
        for (int i = 0; i < n; i++) *(vec *)(y + i * stride + at + g * LANES) = u[g][i];                       \
    }                                                                                                          \
  }

ENSEMBLE(lorenzEnsemble, lorenzField, 3)
ENSEMBLE(pendulumEnsemble, pendulumField, 2)

int main(int argc, char **argv) {
  if (argc < 5) return 1;
  const char *problem = argv[1];
  long batch = atol(argv[2]), stepCount = atol(argv[3]), stride = batch + 16;
  int repeats = atoi(argv[4]);
  double best = 1e300, checksum = 0;
  REAL *y = aligned_alloc(64, (3 * stride * sizeof(REAL) / 64 + 2) * 64);
  for (int r = 0; r < repeats; r++) {
    for (int i = 0; i < 3; i++)
      for (long k = 0; k < batch; k++) y[i * stride + k] = (REAL)(1 + i + 1e-5 * k);
    long taken = batch * stepCount;
    double start = now();
    if (!strcmp(problem, "lorenz")) lorenzEnsemble(y, batch, stride, stepCount, (REAL).005);
    else if (!strcmp(problem, "pendulum")) pendulumEnsemble(y, batch, stride, stepCount, (REAL).005);
    else {
      taken = 0;
      for (long k = 0; k < batch; k++) {
        double u[N] = {1, 2, 3};
        rho = 21.0 * k / batch;
        taken += dopri5(u, 0, 1, 1e-3, 1e-8, 1e-8);
        y[k] = (REAL)u[0];
      }
    }
    double took = (now() - start) / taken;
    if (took < best) best = took;
  }
  for (long k = 0; k < batch; k++) checksum += y[k];
  printf("{\"ns\": %.4f, \"checksum\": %.9g}\n", best, checksum / batch);
  return 0;
}
