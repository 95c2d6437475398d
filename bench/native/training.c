/* Training iterations in single precision, for comparison: a network W·tanh(…) + b of x³ or of x itself as vector
   field, equal steps of RK4 for a batch, and the exact reverse of every step, stages computed again. State-major,
   batch-minor, in tiles; the compiler vectorises along the batch. Prints nanoseconds of processor time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef LANES
#define LANES 64
#endif
#define MOST_LAYERS 4

static int layers, width[MOST_LAYERS + 1], cubed;
static float *W[MOST_LAYERS], *B[MOST_LAYERS], *dW[MOST_LAYERS], *dB[MOST_LAYERS];

typedef float row[LANES];
/* activations of the four stages: the point, and what each layer makes of it */
static row *point[4], *act[4][MOST_LAYERS + 1], *back[MOST_LAYERS + 1];

static void layer(int m, int k, const float *w, const float *b, const row *x, row *y, int activate) {
  for (int i = 0; i < m; i++) {
    row s;
    for (int l = 0; l < LANES; l++) s[l] = b[i];
    for (int j = 0; j < k; j++) for (int l = 0; l < LANES; l++) s[l] += w[i * k + j] * x[j][l];
    if (activate) for (int l = 0; l < LANES; l++) s[l] = tanhf(s[l]);
    memcpy(y[i], s, sizeof s);
  }
}

static row *field(int stage) {
  int n = width[0];
  for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++) {
    float x = point[stage][i][l];
    act[stage][0][i][l] = cubed ? x * x * x : x;
  }
  for (int k = 0; k < layers; k++)
    layer(width[k + 1], width[k], W[k], B[k], act[stage][k], act[stage][k + 1], k < layers - 1);
  return act[stage][layers];
}

/* cotangent of the point, from the one of the slope in back[layers] */
static row *pull(int stage) {
  for (int k = layers - 1; k >= 0; k--) {
    int m = width[k + 1], c = width[k];
    row *w = back[k + 1], *x = act[stage][k], *v = back[k];
    if (k < layers - 1)
      for (int i = 0; i < m; i++) for (int l = 0; l < LANES; l++) {
        float y = act[stage][k + 1][i][l];
        w[i][l] *= 1 - y * y;
      }
    for (int i = 0; i < m; i++) {
      float total = 0;
      for (int l = 0; l < LANES; l++) total += w[i][l];
      dB[k][i] += total;
      for (int j = 0; j < c; j++) {
        float sum = 0;
        for (int l = 0; l < LANES; l++) sum += w[i][l] * x[j][l];
        dW[k][i * c + j] += sum;
      }
    }
    for (int j = 0; j < c; j++) {
      row s;
      for (int l = 0; l < LANES; l++) s[l] = 0;
      for (int i = 0; i < m; i++) for (int l = 0; l < LANES; l++) s[l] += W[k][i * c + j] * w[i][l];
      memcpy(v[j], s, sizeof s);
    }
  }
  if (cubed)
    for (int i = 0; i < width[0]; i++) for (int l = 0; l < LANES; l++) {
      float x = point[stage][i][l];
      back[0][i][l] *= 3 * x * x;
    }
  return back[0];
}

static const float a[4] = {0, .5f, .5f, 1}, b[4] = {1 / 6.f, 1 / 3.f, 1 / 3.f, 1 / 6.f};

static void stages(const row *y, float h, row *next) {
  int n = width[0];
  if (next) memcpy(next, y, n * sizeof(row));
  for (int s = 0; s < 4; s++) {
    for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++)
      point[s][i][l] = y[i][l] + (s ? h * a[s] * act[s - 1][layers][i][l] : 0);
    row *k = field(s);
    if (next) for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++) next[i][l] += h * b[s] * k[i][l];
  }
}

static void stepBack(const row *y, float h, row *lambda) {
  int n = width[0];
  row carry[n], sum[n];
  stages(y, h, NULL);
  memset(carry, 0, sizeof carry);
  memset(sum, 0, sizeof sum);
  for (int s = 3; s >= 0; s--) {
    for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++)
      back[layers][i][l] = h * (b[s] * lambda[i][l] + carry[i][l]);
    row *x = pull(s);
    for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++) {
      sum[i][l] += x[i][l];
      carry[i][l] = s ? a[s] * x[i][l] : 0;
    }
  }
  for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++) lambda[i][l] += sum[i][l];
}

static row *rows(int count) { return aligned_alloc(64, count * sizeof(row)); }

/* training <cubed> <trajectories> <steps> <step> <width> <width> … */
int main(int argc, char **argv) {
  cubed = atoi(argv[1]);
  int batch = atoi(argv[2]), steps = atoi(argv[3]), tiles = (batch + LANES - 1) / LANES;
  float h = atof(argv[4]);
  layers = argc - 6;
  int widest = 0;
  for (int k = 0; k <= layers; k++) {
    width[k] = atoi(argv[5 + k]);
    if (width[k] > widest) widest = width[k];
  }
  for (int k = 0; k < layers; k++) {
    int size = width[k] * width[k + 1];
    W[k] = malloc(size * sizeof(float)), dW[k] = malloc(size * sizeof(float));
    B[k] = calloc(width[k + 1], sizeof(float)), dB[k] = malloc(width[k + 1] * sizeof(float));
    for (int i = 0; i < size; i++) W[k][i] = .3f * sinf(i + k);
  }
  for (int s = 0; s < 4; s++) {
    point[s] = rows(width[0]);
    for (int k = 0; k <= layers; k++) act[s][k] = rows(width[k]);
  }
  for (int k = 0; k <= layers; k++) back[k] = rows(widest);
  int n = width[0];
  row *y = rows((steps + 1) * n), *lambda = rows(n);
  double best = 1e30, check = 0;
  for (int round = 0; round < 40; round++) {
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    int repeats = batch * steps < 1000 ? 50 : 1;
    for (int r = 0; r < repeats; r++) {
      for (int k = 0; k < layers; k++) {
        memset(dW[k], 0, width[k] * width[k + 1] * sizeof(float));
        memset(dB[k], 0, width[k + 1] * sizeof(float));
      }
      for (int t = 0; t < tiles; t++) {
        for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++) y[i][l] = sinf(i + 2 * (t * LANES + l));
        for (int s = 0; s < steps; s++) stages(y + s * n, h, y + (s + 1) * n);
        memset(lambda, 0, n * sizeof(row));
        for (int s = steps - 1; s >= 0; s--) {
          for (int i = 0; i < n; i++) for (int l = 0; l < LANES; l++) lambda[i][l] += y[(s + 1) * n + i][l];
          stepBack(y + s * n, h, lambda);
        }
      }
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double ns = ((end.tv_sec - start.tv_sec) * 1e9 + end.tv_nsec - start.tv_nsec) / repeats;
    if (ns < best) best = ns;
    check += dW[0][0];
  }
  printf("{\"ns\": %.1f, \"check\": %g}\n", best, check);
  return 0;
}
