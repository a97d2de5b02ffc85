# Seconds of CPU time per unit of each task with metafor at its default settings, for
# benchmarks/engine.py, which reads the lines it prints. Called with a folder that holds the
# data as CSV files; slow tasks are timed on a slice.
suppressMessages(library(metafor))
folder <- commandArgs(trailingOnly = TRUE)[1]
table <- function(name) as.matrix(read.csv(file.path(folder, paste0(name, ".csv")), header = FALSE))
say <- function(task, seconds) cat(task, format(seconds, digits = 8), "\n", sep = "\t")
cpu <- function(run) { gc(); sum(system.time(run())[c("user.self", "sys.self")]) }
per <- function(task, count, run) say(task, cpu(function() for (i in seq_len(count)) run(i)) / count)

one <- table("one"); y <- one[, 1]; v <- one[, 2]; k <- length(y)
per("one fit, k = 10", 100, function(i) rma(y[1:10], v[1:10], test = "knha"))
fit <- rma(y, v, test = "knha")
per("leave-one-out, k = 16", 5, function(i) leave1out(fit))
per("influence, k = 16", 3, function(i) influence(fit))
subsets <- function(method, n) {
  all15 <- rma(y[1:15], v[1:15], method = method)
  cpu(function() gosh(all15, subsets = n, progbar = FALSE)) / n * (2^15 - 1)
}
say("every subset, REML, k = 15", subsets("REML", 200))
say("every subset, DL, k = 15", subsets("DL", 2000))
signs <- table("signs")
columns <- function(Y, V, n) cpu(function() for (i in seq_len(n))
  try(rma(Y[, i], V[, min(i, ncol(V))], test = "knha"), silent = TRUE)) / n
shared <- matrix(v, ncol = 1)
say("10 000 permutations, k = 16", columns(signs * y, shared, 100) * 1e4)
say("10 000 bootstrap samples, k = 16", columns(table("drawn"), shared, 100) * 1e4)
say("10 000 simulated reviews, k = 8", columns(table("reviews_y"), table("reviews_v"), 100) * 1e4)
levels <- as.data.frame(table("levels")); names(levels) <- c("y", "v", "cluster")
levels$effect <- seq_len(nrow(levels))
per("three-level REML, 500 effects", 2, function(i)
  rma.mv(y, v, random = ~ 1 | cluster / effect, data = levels, sparse = TRUE))
