// Moments by themselves: their sizes, their sums, parts of them.
#include "gradspace/moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/parallel.h"
#include "gradspace/error.h"
#include "moments/moment_shift.h"

namespace gradspace {
namespace {

constexpr double kGibibyteOfMoments = 1 << 30;

bool has_covariance(MomentsKind kind) {
  return kind != MomentsKind::kDiagonal;
}

std::size_t triangle_of(std::size_t columns) {
  return columns * (columns + 1) / 2;
}

/// Two parts of the same columns, and what becomes of them together.
class Joint {
 public:
  Joint(Moments& to, const Moments& later) : to_(to), later_(later) {
    const auto n = static_cast<double>(to.rows + later.rows);
    n_ = static_cast<double>(to.rows);
    n_later_ = static_cast<double>(later.rows);
    weight_ = n_ * n_later_ / n;
    const std::size_t columns = to.columns();
    for (std::size_t k = 0; k < columns; ++k) {
      const double apart = later.mean[k] - to.mean[k];
      const double mean = to.mean[k] + apart * n_later_ / n;
      apart_.push_back(apart);
      mean_.push_back(mean);
      own_.push_back({0, to.second_of(k, k), to.mean[k] - mean});
      other_.push_back({0, later.second_of(k, k), later.mean[k] - mean});
    }
  }

  void join() {
    const std::size_t columns = to_.columns();
    if (to_.kind == MomentsKind::kDiagonal) {
      for (std::size_t k = 0; k < columns; ++k) {
        join_second(k, k, k);
      }
    } else {
      parallel_for(columns, [&](std::size_t k) {
        for (std::size_t l = k; l < columns; ++l) {
          const std::size_t place = upper_place(columns, k, l);
          if (to_.kind == MomentsKind::kFourth) {
            join_higher(k, l, place);
          }
          join_second(k, l, place);
        }
      });
    }
    to_.mean = mean_;
    to_.rows += later_.rows;
  }

 private:
  void join_second(std::size_t k, std::size_t l, std::size_t place) {
    to_.second[place] = to_.second[place] + later_.second[place] + apart_[k] * apart_[l] * weight_;
  }

  void join_higher(std::size_t k, std::size_t l, std::size_t place) {
    const std::size_t columns = to_.columns();
    const std::size_t kl = k * columns + l;
    const std::size_t lk = l * columns + k;
    to_.fourth[place] = shifted_fourth(to_.fourth[place], to_.third[kl], to_.third[lk],
                                       to_.second[place], own_[k], own_[l], n_) +
                        shifted_fourth(later_.fourth[place], later_.third[kl], later_.third[lk],
                                       later_.second[place], other_[k], other_[l], n_later_);
    const auto third = [&](std::size_t i, std::size_t j, std::size_t at) {
      return shifted_third(to_.third[at], to_.second[place], own_[i], own_[j], n_) +
             shifted_third(later_.third[at], later_.second[place], other_[i], other_[j], n_later_);
    };
    const double joint_kl = third(k, l, kl);
    to_.third[lk] = third(l, k, lk);
    to_.third[kl] = joint_kl;
  }

  Moments& to_;
  const Moments& later_;
  double n_ = 0;
  double n_later_ = 0;
  double weight_ = 0;
  std::vector<double> apart_;
  std::vector<double> mean_;
  std::vector<ColumnMoments> own_;
  std::vector<ColumnMoments> other_;
};

}  // namespace

std::string_view name(MomentsKind kind) {
  switch (kind) {
    case MomentsKind::kDiagonal:
      return "diagonal";
    case MomentsKind::kCovariance:
      return "covariance";
    case MomentsKind::kFourth:
      return "fourth";
  }
  return "?";
}

MomentsKind parse_moments_kind(std::string_view text) {
  for (const MomentsKind kind :
       {MomentsKind::kDiagonal, MomentsKind::kCovariance, MomentsKind::kFourth}) {
    if (name(kind) == text) {
      return kind;
    }
  }
  throw InvalidArgument(fmt::format(
      "moments: \"{}\" is no kind of moments; diagonal, covariance or fourth are", text));
}

Moments Moments::of_none(MomentsKind kind, std::size_t columns) {
  Moments moments;
  moments.kind = kind;
  moments.mean.resize(columns);
  moments.second.resize(has_covariance(kind) ? triangle_of(columns) : columns);
  if (kind == MomentsKind::kFourth) {
    moments.third.resize(columns * columns);
    moments.fourth.resize(triangle_of(columns));
  }
  return moments;
}

double Moments::second_of(std::size_t k, std::size_t l) const {
  return has_covariance(kind) ? second[upper_place(columns(), std::min(k, l), std::max(k, l))]
                              : second[k];
}

void Moments::add(const Moments& later) {
  if (later.kind != kind || later.columns() != columns()) {
    throw InvalidArgument(fmt::format("moments: {} ones of {} columns can't be added to {} of {}",
                                      name(later.kind), later.columns(), name(kind), columns()));
  }
  if (rows == 0) {
    *this = later;
  } else if (later.rows > 0) {
    Joint(*this, later).join();
  }
}

Moments Moments::of_columns(std::span<const std::size_t> chosen) const {
  Moments result = of_none(kind, chosen.size());
  result.rows = rows;
  const std::size_t d = chosen.size();
  for (std::size_t k = 0; k < d; ++k) {
    result.mean[k] = mean[chosen[k]];
    if (!has_covariance(kind)) {
      result.second[k] = second[chosen[k]];
      continue;
    }
    for (std::size_t l = k; l < d; ++l) {
      result.second[upper_place(d, k, l)] = second_of(chosen[k], chosen[l]);
      if (kind == MomentsKind::kFourth) {
        const std::size_t low = std::min(chosen[k], chosen[l]);
        const std::size_t high = std::max(chosen[k], chosen[l]);
        result.fourth[upper_place(d, k, l)] = fourth[upper_place(columns(), low, high)];
        result.third[k * d + l] = third[chosen[k] * columns() + chosen[l]];
        result.third[l * d + k] = third[chosen[l] * columns() + chosen[k]];
      }
    }
  }
  return result;
}

Moments Moments::as(MomentsKind wanted) const {
  if (wanted > kind) {
    throw InvalidArgument(fmt::format("moments: are of the kind {}, which lacks what {} has",
                                      name(kind), name(wanted)));
  }
  Moments result;
  result.kind = wanted;
  result.rows = rows;
  result.mean = mean;
  if (has_covariance(wanted) || kind == wanted) {
    result.second = second;
  } else {
    for (std::size_t k = 0; k < columns(); ++k) {
      result.second.push_back(second_of(k, k));
    }
  }
  if (wanted == MomentsKind::kFourth) {
    result.third = third;
    result.fourth = fourth;
  }
  return result;
}

std::uint64_t moments_bytes(MomentsKind kind, std::size_t columns) {
  constexpr std::size_t kManyColumns = std::size_t{1} << 29;
  if (columns > kManyColumns) {
    return std::uint64_t{1} << 63;
  }
  std::uint64_t values = columns;
  switch (kind) {
    case MomentsKind::kDiagonal:
      values += columns;
      break;
    case MomentsKind::kCovariance:
      values += triangle_of(columns);
      break;
    case MomentsKind::kFourth:
      values += 2 * triangle_of(columns) + columns * columns;
      break;
  }
  return values * sizeof(double);
}

void require_moments_memory(MomentsKind kind, std::size_t columns, double memory_gib,
                            std::string_view who) {
  const double gib = static_cast<double>(moments_bytes(kind, columns)) / kGibibyteOfMoments;
  if (gib > memory_gib) {
    throw InvalidArgument(fmt::format(
        "{}: {} moments of {} columns take {:.1f} GiB of memory, and may take {:.4g}; diagonal "
        "ones take 16 bytes a column",
        who, name(kind), columns, gib, memory_gib));
  }
}

}  // namespace gradspace
