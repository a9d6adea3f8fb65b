// What is kept of very many rows of features in the place of the rows: their number, mean and centred second moments,
// and quantiles of losses and scores. Gaussian detectors are fitted to it (fit_features.h).
//
// With x the n rows of D float32 features, m their mean and d = x - m, all in float64:
//
//   mean[k]     m_k
//   second[kl]  sum over rows of d_k d_l; of MomentsKind::kDiagonal k = l alone: [D]. Else the upper triangle row
//               by row, k <= l: [D (D + 1) / 2], as NumPy's triu_indices(D) has them
//   third[k,l]  of MomentsKind::kFourth, sum over rows of d_k^2 d_l: [D, D]
//   fourth[kl]  of MomentsKind::kFourth, sum over rows of d_k^2 d_l^2: upper triangle
//
// Third and fourth moments are what shrinking a covariance by Ledoit's and Wolf's rule wants: it needs the mean of
// |z|^4 of the standardised rows z, whose scales are not known before the last row. As |z|^2 is the sum over k of
// u_k d_k^2 with u_k = 1 / variance_k, the sum of |z|^4 is u^T fourth u; third moments are needed to centre fourth ones
// anew when moments are added.
//
// Two sets of rows a and b are added by the pairwise update of T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating
// formulae and a pairwise algorithm for computing sample variances" (1979): with n = n_a + n_b and e = m_b - m_a,
//
//   m = m_a + e n_b / n,   second = second_a + second_b + e e^T n_a n_b / n,
//
// and third and fourth moments by shifting each part's to the new mean (P. Pebay, 2008).
//
// Bits: within one shard rows are taken in pieces of `kMomentsPieceRows`, and the pieces are added one after another.
// Of each piece the second moments are summed up in float64 over products that are exact, about a point from which the
// piece's float32 values differ by float32 values exactly; therefore neither the number of threads nor the processor's
// vectors and fused operations make a difference. Shards are added along a tree that depends on their number alone
// (`MomentsTree`): the moments of many shards have the same bits whoever made which of them, and when.
//
// Accuracy: second moments agree with exact ones to some 1e-12 of sqrt(second_kk second_ll), whatever the mean. Third
// and fourth moments are sums of squares that were rounded to float32: 1e-6 of their scale.
//
// As a file (`write_moments`): safetensors of the kind "moments" with float64 tensors of the names above. The metadata
// "set" is what meta.json of a feature set says of columns, model and source; "moments" is a JSON object with
// "moments" (the kind), "rows", "failures" and "quantiles": a list of {"set", "of", "least", "largest", "left_out",
// "values"}, the i-th of which goes with the tensor "quantiles.i", [2, buckets]: numbers of buckets, and counts
// (quantile_sketch.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/feature_block.h"
#include "gradspace/feature_set.h"
#include "gradspace/quantile_sketch.h"

namespace gradspace {

/// Rows that are summed up together, whatever calls they come in.
inline constexpr std::size_t kMomentsPieceRows = 512;

enum class MomentsKind : std::uint8_t {
  kDiagonal,    ///< variances: for independent Gaussians. 16 bytes a column
  kCovariance,  ///< covariances: 4 D^2 bytes
  kFourth,      ///< and what shrinking wants: 16 D^2 bytes, and four times the work
};

/// "diagonal", "covariance", "fourth".
GRADSPACE_API std::string_view name(MomentsKind kind);
/// The reverse. Throws InvalidArgument that lists the three.
GRADSPACE_API MomentsKind parse_moments_kind(std::string_view text);

/// Where (k, l), k <= l, stands in an upper triangle of `columns` rows.
inline std::size_t upper_place(std::size_t columns, std::size_t k, std::size_t l) {
  return k * columns - k * (k + 1) / 2 + l;
}

/// Of rows of float32. Of no rows, all is zero. Values that are not finite make moments that are not.
struct GRADSPACE_API Moments {
  MomentsKind kind = MomentsKind::kCovariance;
  std::uint64_t rows = 0;
  std::vector<double> mean;    ///< [D]
  std::vector<double> second;  ///< of kDiagonal [D], else [D (D + 1) / 2]
  std::vector<double> third;   ///< of kFourth [D, D], else empty
  std::vector<double> fourth;  ///< of kFourth [D (D + 1) / 2], else empty

  /// Of no rows.
  static Moments of_none(MomentsKind kind, std::size_t columns);

  std::size_t columns() const { return mean.size(); }
  /// second[kl] for any k and l. Of kDiagonal k = l alone.
  double second_of(std::size_t k, std::size_t l) const;

  /// Adds the moments of rows that come behind these. Throws InvalidArgument for another kind or number of columns.
  void add(const Moments& later);

  /// Of some of the columns, in the order that `columns` says.
  Moments of_columns(std::span<const std::size_t> columns) const;
  /// As if they had been taken as `kind`, which must not hold more. Throws InvalidArgument.
  Moments as(MomentsKind kind) const;
};

/// Bytes that moments take in memory and on disk; at most 2^63.
GRADSPACE_API std::uint64_t moments_bytes(MomentsKind kind, std::size_t columns);

/// The moments of a feature set.
struct GRADSPACE_API FeatureMoments {
  /// Quantiles of one set (ImageInfo::set), by what they are of: "bce", "kld"; of sets of scores "score", "p_value".
  using Quantiles = std::map<std::string, QuantileSketch>;

  /// What the columns are, and which model made them. `source_images` are rows and failures; there is no digest of
  /// their list.
  FeatureSetMeta meta;
  Moments moments;
  std::uint64_t failures = 0;                  ///< images that could not be read
  std::map<std::string, Quantiles> quantiles;  ///< by ImageInfo::set

  /// Adds what comes behind. Throws InvalidArgument when columns, model, decoding or kind are others.
  void add(const FeatureMoments& later);
};

/// Takes rows of a feature set, one after the other. Not thread-safe; works on the threads of the caller's arena.
class GRADSPACE_API MomentsBuilder {
 public:
  /// Throws InvalidArgument for a set without columns.
  MomentsBuilder(const FeatureSetMeta& meta, MomentsKind kind);
  /// Goes on with what `summed()` and `waiting()` of another builder were: to the bits that it would have come to.
  /// Throws InvalidArgument where they cannot have been.
  MomentsBuilder(FeatureMoments summed, std::vector<float> waiting);
  ~MomentsBuilder();
  MomentsBuilder(const MomentsBuilder&) = delete;
  MomentsBuilder& operator=(const MomentsBuilder&) = delete;

  /// `features` is [rows.size(), D]. Throws InvalidArgument where it is not.
  void append(std::span<const FeatureRow> rows, std::span<const float> features);
  void add_failures(std::uint64_t count);

  /// Of the rows whose pieces are full; quantiles are of all.
  const FeatureMoments& summed() const;
  /// The other rows, [n, D] with n < kMomentsPieceRows. Valid until the next call that changes the builder.
  std::span<const float> waiting() const;
  std::uint64_t rows() const;  ///< of both

  /// Of all rows. Nothing is left of the builder. Throws InvalidArgument when there were none.
  FeatureMoments finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Adds the moments of shards 0, 1, ..., n - 1 along a tree: of a node with several shards, the left child has the
/// largest power of two under their number. Holds at most log2(n) + 1 moments at a time.
class GRADSPACE_API MomentsTree {
 public:
  /// The next shard; nothing for one that is left out, which leaves the others where they are. Throws as
  /// FeatureMoments::add.
  void add(std::optional<FeatureMoments> shard);

  /// The sum. Nothing is left of the tree. Throws InvalidArgument when there was no shard.
  FeatureMoments finish();

 private:
  struct Node {
    std::uint64_t shards = 0;
    std::optional<FeatureMoments> sum;
  };
  void join_last();

  std::vector<Node> nodes_;  ///< from left to right, fewer and fewer shards
};

struct GRADSPACE_API MomentsOptions {
  MomentsKind kind = MomentsKind::kFourth;
  double memory_gib = 4;  ///< the most that the moments of one shard may take
  int threads = 0;        ///< 0 = all cores

  /// Throws InvalidArgument.
  void validate() const;
};

/// Throws InvalidArgument when moments of so many columns take more than the options allow; `who` begins the message.
GRADSPACE_API void require_moments_memory(MomentsKind kind, std::size_t columns, double memory_gib,
                                          std::string_view who);

/// Of feature sets and files of moments, each of them a shard; of a set of many parts, each part. Moments that hold
/// more than the options' kind are cut to it. Throws IoError, FormatError; InvalidArgument when they don't go together,
/// a file holds less than is wanted, or memory is too little.
GRADSPACE_API FeatureMoments moments_of(std::span<const std::filesystem::path> sets,
                                        const MomentsOptions& options = {});

/// Whether `path` is a file of moments, or the folder of a job (cluster.h) whose parts are moments that were merged.
GRADSPACE_API bool holds_moments(const std::filesystem::path& path);

/// Of a file, or such a folder. Throws IoError, FormatError.
GRADSPACE_API FeatureMoments read_moments(const std::filesystem::path& path);
/// Written beside the target, then renamed. Throws IoError.
GRADSPACE_API void write_moments(const std::filesystem::path& path, const FeatureMoments& moments);

}  // namespace gradspace
