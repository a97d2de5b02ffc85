# Sample the posterior of three reviews of cases.json with JAGS.
#
#   Rscript validation/survival/ask_jags.R
#
# writes jags.json beside this file (some minutes). Needs JAGS 4, rjags and jsonlite.
#
# The observed value of a worded result is a latent variable that dinterval holds between its
# bounds; a size known only as a range is a latent whole number, equally likely within it. Nothing
# is integrated by formula, so the run shares no step with a likelihood on a grid.

library(rjags)
library(jsonlite)

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
SEED <- 4711
CHAINS <- 4
BURN_IN <- 20000
KEPT <- 500000    # of each chain, after thinning
THIN <- 4
BATCHES <- 25     # of each chain, for the Monte Carlo error
FAR <- 1e4        # stands for an open end

RUNS <- list(
  list(review = "core", mean_prior = c(0, 1), tau_prior = list("half-normal", 0.5)),
  list(review = "mixed20", mean_prior = c(0, 1), tau_prior = list("half-cauchy", 0.3)),
  list(review = "mixed14", mean_prior = c(0.1, 0.4), tau_prior = list("half-normal", 0.2))
)

critical <- function(n, alpha, tails) {
  t <- qt(alpha / tails, n - 2, lower.tail = FALSE)
  atanh(t / sqrt(n - 2 + t^2))
}

ends <- function(report, n) {
  form <- report[[1]]
  sign <- if (is.null(report[[4]])) 1 else report[[4]]
  if (form == "sign") return(if (sign > 0) c(0, FAR) else c(-FAR, 0))
  limit <- critical(n, report[[5]], report[[6]])
  if (form == "null" && report[[6]] == 2) return(c(-limit, limit))
  range <- if (form == "null") c(-FAR, limit) else c(limit, FAR)
  if (sign > 0) range else -rev(range)
}

data_of <- function(reports) {
  sizes <- lapply(reports, function(r) r[[2]][[1]]:r[[2]][[length(r[[2]])]])
  most <- max(lengths(sizes))
  k <- length(reports)
  v <- matrix(1, k, most)
  bounds <- array(0, c(k, most, 2))
  z <- rep(NA_real_, k)
  for (i in seq_len(k)) {
    v[i, seq_along(sizes[[i]])] <- 1 / (sizes[[i]] - 3)
    for (j in seq_along(sizes[[i]])) {
      bounds[i, j, ] <- if (reports[[i]][[1]] == "exact") c(-FAR, FAR)
                        else ends(reports[[i]], sizes[[i]][j])
    }
    if (reports[[i]][[1]] == "exact") z[i] <- reports[[i]][[3]]
  }
  list(k = k, z = z, v = v, bounds = bounds, inside = rep(1, k), sizes = lengths(sizes))
}

model_text <- function(ranged, prior) {
  tau <- if (prior[[1]] == "half-normal") "dnorm(0, 1 / tau_scale^2) T(0,)"
         else "dt(0, 1 / tau_scale^2, 1) T(0,)"
  place <- if (ranged) "which[i] ~ dcat(equal[i, 1:sizes[i]])" else "which[i] <- 1"
  paste("model {
    mu ~ dnorm(mean_centre, 1 / mean_sd^2)
    tau ~", tau, "
    new ~ dnorm(mu, 1 / tau^2)
    for (i in 1:k) {", place, "
      z[i] ~ dnorm(mu, 1 / (v[i, which[i]] + tau^2))
      inside[i] ~ dinterval(z[i], bounds[i, which[i], 1:2])
    } }")
}

sampled <- function(run, reports) {
  data <- data_of(reports)
  ranged <- any(data$sizes > 1)
  first <- apply(data$bounds[, 1, ], 1, function(b) {
    if (b[1] == -FAR && b[2] == FAR) NA
    else if (b[1] == -FAR) b[2] - 0.5 else if (b[2] == FAR) b[1] + 0.5 else mean(b)
  })
  starts <- lapply(seq_len(CHAINS), function(chain) {
    start <- list(z = ifelse(is.na(data$z), first, NA), mu = 0.1 * chain, tau = 0.05 * chain,
                  .RNG.name = "base::Mersenne-Twister", .RNG.seed = SEED + chain)
    if (ranged) start$which <- rep(1, data$k)
    start
  })
  if (ranged) data$equal <- 1 * (col(data$v) <= data$sizes) else data$sizes <- NULL
  data <- c(data, list(mean_centre = run$mean_prior[1], mean_sd = run$mean_prior[2],
                       tau_scale = run$tau_prior[[2]]))
  model <- jags.model(textConnection(model_text(ranged, run$tau_prior)), data, starts, CHAINS,
                      quiet = TRUE)
  update(model, BURN_IN, progress.bar = "none")
  coda.samples(model, c("mu", "tau", "new"), KEPT * THIN, THIN, progress.bar = "none")
}

QUANTITIES <- list(
  mean = mean, sd = sd, low = function(x) quantile(x, 0.025, names = FALSE),
  median = median, high = function(x) quantile(x, 0.975, names = FALSE),
  above_zero = function(x) mean(x > 0), above_tenth = function(x) mean(x > atanh(0.1))
)

# value over all draws, and its Monte Carlo error from the same over consecutive batches
summed_up <- function(chains, name) {
  draws <- lapply(chains, function(chain) as.numeric(chain[, name]))
  batches <- unlist(lapply(draws, function(x) {
    split(x, ceiling(seq_along(x) * BATCHES / length(x)))
  }), recursive = FALSE)
  values <- sapply(QUANTITIES, function(f) f(unlist(draws)))
  errors <- sapply(QUANTITIES, function(f) sd(sapply(batches, f)) / sqrt(length(batches)))
  list(value = as.list(values), mcse = as.list(errors))
}

cases <- read_json(file.path(here, "cases.json"))
lines <- vapply(RUNS, function(run) {
  chains <- sampled(run, cases$reviews[[run$review]])
  found <- lapply(c(mu = "mu", tau = "tau", new = "new"), function(name) summed_up(chains, name))
  message(run$review)
  paste0("  ", toJSON(c(run, found), digits = NA, auto_unbox = TRUE))
}, "")
head <- sprintf(paste0(' "package": "rjags", "version": "%s", "jags": "%s", "r": "%s",\n',
                       ' "seed": %d, "chains": %d, "burn_in": %d, "kept": %d, "thin": %d,\n'),
                packageVersion("rjags"), jags.version(), getRversion(),
                SEED, CHAINS, BURN_IN, KEPT, THIN)
cat("{\n", head, ' "runs": [\n', paste(lines, collapse = ",\n"), "\n ]\n}\n", sep = "",
    file = file.path(here, "jags.json"))
