/* The same algorithms as the generated JavaScript, for the same problem, timed inside the process.
   Usage: spine METHOD STEPS_OR_TOLERANCE REPEATS; prints JSON: ns per step, steps, end state. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 3 };
static double sigma = 10, rho = 28, beta = 8.0 / 3.0;

static inline void field(const double *restrict y, double *restrict d) {
  d[0] = sigma * (y[1] - y[0]);
  d[1] = y[0] * (rho - y[2]) - y[1];
  d[2] = y[0] * y[1] - beta * y[2];
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static void rk4(double *restrict y, double h, long steps) {
  const double half = h * .5, sixth = h * (1.0 / 6), third = h * (1.0 / 3);
  double a = y[0], b = y[1], c = y[2];
  for (long s = 0; s < steps; s++) {
    double y0[N] = {a, b, c}, k1[N], k2[N], k3[N], k4[N], z[N];
    field(y0, k1);
    for (int i = 0; i < N; i++) z[i] = y0[i] + half * k1[i];
    field(z, k2);
    for (int i = 0; i < N; i++) z[i] = y0[i] + half * k2[i];
    field(z, k3);
    for (int i = 0; i < N; i++) z[i] = y0[i] + h * k3[i];
    field(z, k4);
    for (int i = 0; i < N; i++) z[i] = y0[i] + sixth * k1[i] + third * k2[i] + third * k3[i] + sixth * k4[i];
    a = z[0], b = z[1], c = z[2];
  }
  y[0] = a, y[1] = b, y[2] = c;
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

static long dopri5(double *restrict y, double t, double stop, double h0, double rtol, double atol) {
  double k1[N], k2[N], k3[N], k4[N], k5[N], k6[N], k7[N], z[N], w[N], logError1 = 0;
  long accepted = 0;
  int streak = 0;
  double u[N] = {y[0], y[1], y[2]};
  const double safety = log(.9), least = log(.2), most = log(10), small = log(1e-4), reject = log(.93);
  field(u, k1);
  for (;;) {
    double h = h0;
    int last = 0;
    if (t + 1.01 * h0 - stop >= 0) h = stop - t, last = 1;
    else if (t + .1 * h0 == t) break;
    for (int i = 0; i < N; i++) z[i] = u[i] + h * (1. / 5) * k1[i];
    field(z, k2);
    for (int i = 0; i < N; i++) z[i] = u[i] + h * (3. / 40) * k1[i] + h * (9. / 40) * k2[i];
    field(z, k3);
    for (int i = 0; i < N; i++) z[i] = u[i] + h * (44. / 45) * k1[i] + h * (-56. / 15) * k2[i] + h * (32. / 9) * k3[i];
    field(z, k4);
    for (int i = 0; i < N; i++)
      z[i] = u[i] + h * (19372. / 6561) * k1[i] + h * (-25360. / 2187) * k2[i] + h * (64448. / 6561) * k3[i] + h * (-212. / 729) * k4[i];
    field(z, k5);
    for (int i = 0; i < N; i++)
      z[i] = u[i] + h * (9017. / 3168) * k1[i] + h * (-355. / 33) * k2[i] + h * (46732. / 5247) * k3[i] + h * (49. / 176) * k4[i] + h * (-5103. / 18656) * k5[i];
    field(z, k6);
    for (int i = 0; i < N; i++)
      w[i] = u[i] + h * (35. / 384) * k1[i] + h * (500. / 1113) * k3[i] + h * (125. / 192) * k4[i] + h * (-2187. / 6784) * k5[i] + h * (11. / 84) * k6[i];
    field(w, k7);
    double sum = 0;
    for (int i = 0; i < N; i++) {
      double e = h * (71. / 57600) * k1[i] + h * (-71. / 16695) * k3[i] + h * (71. / 1920) * k4[i] + h * (-17253. / 339200) * k5[i] + h * (22. / 525) * k6[i] + h * (-1. / 40) * k7[i];
      double r = e / (atol + rtol * fmax(fabs(u[i]), fabs(w[i])));
      sum += r * r;
    }
    double logError = .5 * roughLog(sum) - .5 * log(N);
    if (sum <= N) {
      for (int i = 0; i < N; i++) u[i] = w[i], k1[i] = k7[i];
      t = last ? stop : t + h;
      double f = safety - .17 * logError + .04 * logError1;
      f = fmin(f, most);
      if (streak > 0 && f > 0) f = 0;
      logError1 = fmax(logError, small);
      streak = 0;
      accepted++;
      double next = h * roughExp(f);
      if (!last || next > h0) h0 = next;
      if (last) break;
    } else {
      double f = safety - .2 * logError;
      h0 = h * roughExp(fmin(fmax(f, least), reject));
      streak++;
    }
  }
  y[0] = u[0], y[1] = u[1], y[2] = u[2];
  return accepted;
}

int main(int argc, char **argv) {
  if (argc < 4) return 1;
  int adaptive = !strcmp(argv[1], "dopri5");
  double amount = atof(argv[2]), best = 1e300, y[N];
  int repeats = atoi(argv[3]);
  long steps = 0;
  for (int r = 0; r < repeats; r++) {
    y[0] = 1, y[1] = 0, y[2] = 0;
    double start = now();
    if (adaptive) steps = dopri5(y, 0, 1000, 1e-4, amount, amount);
    else rk4(y, 1e-3, steps = (long)amount);
    double took = (now() - start) / steps;
    if (took < best) best = took;
  }
  printf("{\"ns\": %.4f, \"steps\": %ld, \"y\": [%.17g, %.17g, %.17g]}\n", best, steps, y[0], y[1], y[2]);
  return 0;
}
