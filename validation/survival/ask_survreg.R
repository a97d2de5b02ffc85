# Ask survreg of the R package survival what it makes of the reviews in cases.json.
#
#   Rscript validation/survival/ask_survreg.R
#
# writes survreg.json beside this file (some minutes). Needs survival and jsonlite.
#
# A random-effects model at a fixed tau is a censored regression: bounds divided by
# s_i = sqrt(v_i + tau^2), regressed on 1/s_i without intercept, scale 1. Its coefficient is the
# mean; its log-likelihood is that of the scaled values, so log(s_i) of every number is taken off.
# With one n for all, scale and mean are estimated together, and scale^2 = v + tau^2.

library(survival)
library(jsonlite)

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
tight <- survreg.control(rel.tolerance = 1e-12, maxiter = 200)
still <- survreg.control(maxiter = 0)
cut_off <- qchisq(0.95, 1) / 2

# Fisher z of the correlation at which the t test reaches its critical value
critical <- function(n, alpha, tails) {
  t <- qt(alpha / tails, n - 2, lower.tail = FALSE)
  atanh(t / sqrt(n - 2 + t^2))
}

# NA is an open end, as Surv(type = "interval2") has it
bounds <- function(form, n, z, sign, alpha, tails) {
  if (form == "exact") return(c(z, z))
  if (form == "sign") return(if (sign > 0) c(0, NA) else c(NA, 0))
  limit <- critical(n, alpha, tails)
  if (form == "null" && tails == 2) return(c(-limit, limit))
  above <- form == "significant"
  if (sign > 0) { if (above) c(limit, NA) else c(NA, limit) }
  else { if (above) c(NA, -limit) else c(-limit, NA) }
}

as_review <- function(reports) {
  known <- Filter(function(r) length(r[[2]]) == 1, reports)
  ends <- t(sapply(known, function(r) bounds(r[[1]], r[[2]], r[[3]], r[[4]], r[[5]], r[[6]])))
  list(
    low = ends[, 1], high = ends[, 2],
    v = 1 / (sapply(known, function(r) r[[2]]) - 3),
    ranged = Filter(function(r) length(r[[2]]) == 2, reports)
  )
}

# log of the mean, over all whole n of its range, of the probability of one report: base R alone
ranged_value <- function(report, mu, tau) {
  n <- report[[2]][[1]]:report[[2]][[2]]
  s <- sqrt(1 / (n - 3) + tau^2)
  parts <- mapply(function(size, s) {
    ends <- bounds(report[[1]], size, report[[3]], report[[4]], report[[5]], report[[6]])
    if (report[[1]] == "exact") return(dnorm(ends[1], mu, s))
    (if (is.na(ends[2])) 1 else pnorm(ends[2], mu, s)) -
      (if (is.na(ends[1])) 0 else pnorm(ends[1], mu, s))
  }, n, s)
  log(mean(parts))
}

fit_at <- function(review, tau, start, control) {
  s <- sqrt(review$v + tau^2)
  y <- Surv(review$low / s, review$high / s, type = "interval2")
  x <- 1 / s
  fit <- suppressWarnings(
    survreg(y ~ x - 1, dist = "gaussian", scale = 1, init = start, control = control)
  )
  numbers <- !is.na(review$low) & !is.na(review$high) & review$low == review$high
  list(
    mu = unname(coef(fit)), se = sqrt(fit$var[1, 1]),
    value = fit$loglik[2] - sum(log(s[numbers])), ended = fit$iter < control$iter.max
  )
}

value_at <- function(review, mu, tau) {
  extra <- sum(vapply(review$ranged, ranged_value, 0, mu = mu, tau = tau))
  fit_at(review, tau, mu, still)$value + extra
}

centre <- function(review) {
  middle <- ifelse(is.na(review$low), review$high,
                   ifelse(is.na(review$high), review$low, (review$low + review$high) / 2))
  weighted.mean(middle, 1 / (review$v + 0.01))
}

best_at <- function(review, tau) {
  fit <- fit_at(review, tau, centre(review), tight)
  if (length(review$ranged)) {
    width <- 10 * fit$se
    found <- optimize(function(mu) value_at(review, mu, tau), maximum = TRUE,
                      fit$mu + c(-width, width), tol = 1e-10)
    return(list(mu = found$maximum, value = found$objective))
  }
  if (!fit$ended || !is.finite(fit$value)) stop("no convergence at tau = ", tau)
  fit
}

tau_grid <- function(review, points) {
  c(0, exp(seq(log(0.05 * sqrt(min(review$v))), log(4), length.out = points)))
}

# highest value of f over tau: every peak of the grid is searched
highest <- function(f, grid) {
  values <- vapply(grid, f, 0)
  best <- list(tau = 0, value = values[1])
  last <- length(grid)
  for (i in seq_along(grid)) {
    left <- if (i == 1) -Inf else values[i - 1]
    right <- if (i == last) -Inf else values[i + 1]
    if (values[i] < left || values[i] < right || values[i] < max(values) - 0.5) next
    found <- optimize(f, c(grid[max(i - 1, 1)], grid[min(i + 1, last)]), maximum = TRUE, tol = 1e-10)
    if (found$objective > best$value) best <- list(tau = found$maximum, value = found$objective)
  }
  # the search cannot end at 0 itself, only near it
  if (best$value - values[1] < 1e-13) list(tau = 0, value = values[1]) else best
}

root <- function(f, inside, outside) {
  uniroot(f, sort(c(inside, outside)), tol = 1e-12, maxiter = 200)$root
}

tau_limits <- function(review, best, floor) {
  excess <- function(tau) best_at(review, tau)$value - floor
  grid <- sort(unique(c(tau_grid(review, 40), best$tau)))
  while (excess(max(grid)) > 0) grid <- c(grid, 2 * max(grid))
  inside <- which(vapply(grid, excess, 0) >= 0)
  low <- if (inside[1] == 1) 0 else root(excess, grid[inside[1]], grid[inside[1] - 1])
  last <- inside[length(inside)]
  c(low, root(excess, grid[last], grid[last + 1]))
}

mu_limit <- function(review, mu, side, floor, step, top) {
  grid <- c(tau_grid(review, 30), if (top > 4) exp(seq(log(5), log(2 * top), length.out = 8)))
  excess <- function(at) highest(function(tau) value_at(review, at, tau), grid)$value - floor
  far <- mu + side * step * c(0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5)
  values <- vapply(far, excess, 0)
  while (values[length(values)] >= 0) {
    far <- c(far, far[length(far)] + 2 * (far[length(far)] - mu))
    values <- c(values, excess(far[length(far)]))
  }
  last <- max(which(values >= 0))
  root(excess, far[last], far[last + 1])
}

everything <- function(review) {
  best <- highest(function(tau) best_at(review, tau)$value, tau_grid(review, 60))
  at_best <- best_at(review, best$tau)
  floor <- best$value - cut_off
  tau_ends <- tau_limits(review, best, floor)
  step <- fit_at(review, best$tau, at_best$mu, tight)$se
  mu_ends <- vapply(c(-1, 1), function(side) {
    mu_limit(review, at_best$mu, side, floor, step, tau_ends[2])
  }, 0)
  list(estimate = at_best$mu, tau = best$tau, log_likelihood = best$value,
       ci = mu_ends, tau_ci = tau_ends)
}

at_given_tau <- function(review) {
  tau <- c(0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1)
  fits <- lapply(tau, function(x) fit_at(review, x, centre(review), tight))
  list(tau = tau, estimate = sapply(fits, `[[`, "mu"), se = sapply(fits, `[[`, "se"),
       log_likelihood = sapply(fits, `[[`, "value"))
}

scale_free <- function(review) {
  y <- Surv(review$low, review$high, type = "interval2")
  fit <- survreg(y ~ 1, dist = "gaussian", control = survreg.control(rel.tolerance = 1e-12,
                                                                     maxiter = 2000))
  list(estimate = unname(coef(fit)), scale = fit$scale, log_likelihood = fit$loglik[2])
}

answers <- function(name, reports) {
  review <- as_review(reports)
  known <- replace(review, "ranged", list(list()))
  found <- list(given_tau = at_given_tau(known), best = everything(known))
  if (length(review$ranged)) found$with_ranges <- everything(review)
  if (startsWith(name, "equal")) found$scale_free <- scale_free(known)
  message(name)
  found
}

as_json <- function(x) as.character(toJSON(x, digits = NA, auto_unbox = TRUE))
cases <- read_json(file.path(here, "cases.json"))
found <- Map(answers, names(cases$reviews), cases$reviews)
lines <- sprintf('  "%s": %s', names(found), vapply(found, as_json, ""))
head <- sprintf(' "package": "survival", "version": "%s", "r": "%s",\n "reviews": {\n',
                packageVersion("survival"), getRversion())
cat("{\n", head, paste(lines, collapse = ",\n"), "\n }\n}\n", sep = "",
    file = file.path(here, "survreg.json"))
