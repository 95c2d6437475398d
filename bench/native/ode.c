/* RK4 and Tsitouras 5(4), the same algorithms as the generated JavaScript, for one of several fields.
   Compiled with -DPROBLEM=n; usage: ode METHOD STEP_OR_TOLERANCE END REPEATS. Times itself, prints JSON. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if PROBLEM == 0 /* Lorenz */
enum { N = 3 };
static double parameters[3] = {10, 28, 8.0 / 3};
static inline void field(const double *restrict y, double *restrict d) {
  d[0] = parameters[0] * (y[1] - y[0]);
  d[1] = y[0] * (parameters[1] - y[2]) - y[1];
  d[2] = y[0] * y[1] - parameters[2] * y[2];
}
static void start(double *y) { y[0] = 1, y[1] = 0, y[2] = 0; }
#elif PROBLEM == 1 /* Kepler, in six dimensions */
enum { N = 6 };
static inline void field(const double *restrict y, double *restrict d) {
  double r2 = y[0] * y[0] + y[1] * y[1] + y[2] * y[2], w = -1 / (r2 * sqrt(r2));
  for (int i = 0; i < 3; i++) d[i] = y[3 + i], d[3 + i] = w * y[i];
}
static void start(double *y) { memset(y, 0, sizeof(double) * N), y[0] = .4, y[4] = 2; }
#elif PROBLEM == 2 /* Lorenz 96 */
enum { N = 20 };
static inline void field(const double *restrict y, double *restrict d) {
  d[0] = (y[1] - y[N - 2]) * y[N - 1] - y[0] + 8;
  d[1] = (y[2] - y[N - 1]) * y[0] - y[1] + 8;
  for (int i = 2; i < N - 1; i++) d[i] = (y[i + 1] - y[i - 2]) * y[i - 1] - y[i] + 8;
  d[N - 1] = (y[0] - y[N - 3]) * y[N - 2] - y[N - 1] + 8;
}
static void start(double *y) {
  for (int i = 0; i < N; i++) y[i] = 8;
  y[0] = 8.01;
}
#else /* diffusion on a line of 1000 points */
enum { N = 1000 };
static inline void field(const double *restrict y, double *restrict d) {
  d[0] = y[1] - 2 * y[0];
  for (int i = 1; i < N - 1; i++) d[i] = y[i - 1] - 2 * y[i] + y[i + 1];
  d[N - 1] = y[N - 2] - 2 * y[N - 1];
}
static void start(double *y) {
  for (int i = 0; i < N; i++) y[i] = sin(.01 * i);
}
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static void rk4(double *restrict out, double h, long steps) {
  const double half = h * .5, sixth = h * (1.0 / 6), third = h * (1.0 / 3);
  double y[N], k1[N], k2[N], k3[N], k4[N], z[N];
  memcpy(y, out, sizeof y);
  for (long s = 0; s < steps; s++) {
    field(y, k1);
    for (int i = 0; i < N; i++) z[i] = y[i] + half * k1[i];
    field(z, k2);
    for (int i = 0; i < N; i++) z[i] = y[i] + half * k2[i];
    field(z, k3);
    for (int i = 0; i < N; i++) z[i] = y[i] + h * k3[i];
    field(z, k4);
    for (int i = 0; i < N; i++) y[i] = y[i] + sixth * k1[i] + third * k2[i] + third * k3[i] + sixth * k4[i];
  }
  memcpy(out, y, sizeof y);
}

static inline double roughLog(double x) {
  uint64_t u;
  memcpy(&u, &x, 8);
  return (double)(int32_t)(u >> 32) * (M_LN2 / 1048576) - M_LN2 * (1023 - .043);
}

static inline double roughExp(double x) {
  double even = 12 + x * x, odd = 6 * x;
  return (even + odd) / (even - odd);
}

static long tsit5(double *restrict y, double stop, double tolerance) {
  static const double
      b[6] = {0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774},
      e[7] = {0.0017800110522257773, 0.0008164344596567463, -0.007880878010261994, 0.1447110071732629, -0.5823571654525552, 0.45808210592918686, -1.0 / 66};
  double u[N], k1[N], k2[N], k3[N], k4[N], k5[N], k6[N], k7[N], z[N], w[N], t = 0, h0 = 1e-4, logError1 = 0;
  const double safety = log(.9), least = log(.2), most = log(10), small = log(1e-4), reject = log(.93);
  long accepted = 0;
  int streak = 0;
  memcpy(u, y, sizeof u);
  field(u, k1);
  for (;;) {
    double h = h0;
    int last = 0;
    if (t + 1.01 * h0 - stop >= 0) h = stop - t, last = 1;
    else if (t + .1 * h0 == t) break;
    for (int i = 0; i < N; i++) z[i] = u[i] + h * .161 * k1[i];
    field(z, k2);
    for (int i = 0; i < N; i++) z[i] = u[i] + h * -0.008480655492356989 * k1[i] + h * 0.335480655492357 * k2[i];
    field(z, k3);
    for (int i = 0; i < N; i++) z[i] = u[i] + h * 2.8971530571054935 * k1[i] + h * -6.359448489975075 * k2[i] + h * 4.3622954328695815 * k3[i];
    field(z, k4);
    for (int i = 0; i < N; i++)
      z[i] = u[i] + h * 5.325864828439257 * k1[i] + h * -11.748883564062828 * k2[i] + h * 7.4955393428898365 * k3[i] + h * -0.09249506636175525 * k4[i];
    field(z, k5);
    for (int i = 0; i < N; i++)
      z[i] = u[i] + h * 5.86145544294642 * k1[i] + h * -12.92096931784711 * k2[i] + h * 8.159367898576159 * k3[i] + h * -0.071584973281401 * k4[i] + h * -0.028269050394068383 * k5[i];
    field(z, k6);
    for (int i = 0; i < N; i++)
      w[i] = u[i] + h * b[0] * k1[i] + h * b[1] * k2[i] + h * b[2] * k3[i] + h * b[3] * k4[i] + h * b[4] * k5[i] + h * b[5] * k6[i];
    field(w, k7);
    double sum = 0;
    for (int i = 0; i < N; i++) {
      double error = h * e[0] * k1[i] + h * e[1] * k2[i] + h * e[2] * k3[i] + h * e[3] * k4[i] + h * e[4] * k5[i] + h * e[5] * k6[i] + h * e[6] * k7[i];
      double r = error / (tolerance + tolerance * fmax(fabs(u[i]), fabs(w[i])));
      sum += r * r;
    }
    double logError = .5 * roughLog(sum) - .5 * log(N);
    if (sum <= N) {
      memcpy(u, w, sizeof u);
      memcpy(k1, k7, sizeof k1);
      t = last ? stop : t + h;
      double f = fmin(safety - .17 * logError + .04 * logError1, most);
      if (streak > 0 && f > 0) f = 0;
      logError1 = fmax(logError, small);
      streak = 0;
      accepted++;
      double next = h * roughExp(f);
      if (!last || next > h0) h0 = next;
      if (last) break;
    } else {
      h0 = h * roughExp(fmin(fmax(safety - .2 * logError, least), reject));
      streak++;
    }
  }
  memcpy(y, u, sizeof u);
  return accepted;
}

int main(int argc, char **argv) {
  if (argc < 5) return 1;
  int adaptive = !strcmp(argv[1], "tsit5");
  double amount = atof(argv[2]), end = atof(argv[3]), best = 1e300, y[N];
  int repeats = atoi(argv[4]);
  long steps = 0;
  for (int r = 0; r < repeats; r++) {
    start(y);
    double begin = now();
    if (adaptive) steps = tsit5(y, end, amount);
    else rk4(y, amount, steps = lround(end / amount));
    double took = (now() - begin) / steps;
    if (took < best) best = took;
  }
  printf("{\"ns\": %.4f, \"steps\": %ld, \"y\": %.17g}\n", best, steps, y[0]);
  return 0;
}
