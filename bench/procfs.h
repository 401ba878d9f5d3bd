// What the kernel says of the server's processes: CPU time of all their threads, time they waited for a core, memory.

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spent { double ran, waited; };  // nanoseconds on a core, and ready but without one

static void add_thread(const char *path, struct spent *sum) {
  unsigned long long ran, waited;
  FILE *file = fopen(path, "r");
  if (file == NULL) return;  // the thread has just ended
  if (fscanf(file, "%llu %llu", &ran, &waited) == 2) sum->ran += ran, sum->waited += waited;
  fclose(file);
}

static struct spent spent_by(int pid) {
  struct spent sum = {0, 0};
  char path[300];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) {
    fprintf(stderr, "process %d of the server is gone\n", pid);
    exit(1);
  }
  for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
    if (task->d_name[0] == '.') continue;
    char file[600];
    snprintf(file, sizeof file, "%s/%s/schedstat", path, task->d_name);
    add_thread(file, &sum);
  }
  closedir(tasks);
  return sum;
}

static long resident_bytes(const int *pids, int count) {
  long sum = 0, total, resident;
  for (int i = 0; i < count; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", pids[i]);
    FILE *file = fopen(path, "r");
    if (file == NULL) continue;
    if (fscanf(file, "%ld %ld", &total, &resident) == 2) sum += resident * sysconf(_SC_PAGESIZE);
    fclose(file);
  }
  return sum;
}
