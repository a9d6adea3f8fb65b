// The filters' kurtoses in double precision throughout: the way of reference_filters.cpp without its
// haste, for the filters that float32 can't tell from a normal distribution.
#include <Eigen/Eigenvalues>
#include <algorithm>

#include "quality/reference_filters.h"

namespace gradspace::quality {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Index = Eigen::Index;

constexpr auto kPatchValues = static_cast<Index>(LinearDecoder::kVisible);
constexpr auto kFilters = static_cast<Index>(LinearDecoder::kHidden);
constexpr auto kWeighed = static_cast<Index>(kWeighedEntries);

/// Patches that are worked on at a time.
constexpr Index kChunk = 1024;

Matrix matrix_of(const Tensor& tensor) {
  const auto rows = static_cast<Index>(tensor.shape.front());
  const Index columns = static_cast<Index>(tensor.values.size()) / rows;
  return Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
             tensor.values.data(), rows, columns)
      .cast<double>();
}

/// Eigen's own products don't know what vectors the processor has.
Matrix product(const Matrix& a, const BasicPackedMatrix<double>& b) {
  Matrix result(a.rows(), static_cast<Index>(b.columns()));
  multiply(static_cast<std::size_t>(a.rows()), a.data(), b, result.data());
  return result;
}

BasicPackedMatrix<double> packed(const Matrix& matrix) {
  return {static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols()),
          matrix.data()};
}

/// Patches `first` to `first + count - 1` of a picture, a row each, within [0, 1].
Matrix patches_of(const Image& ygcr, Index first, Index count) {
  const Index columns = ygcr.width() / kPatchSide;
  Matrix patches(count, kPatchValues);
  for (Index p = 0; p < count; ++p) {
    const int top = static_cast<int>((first + p) / columns) * kPatchSide;
    const int left = static_cast<int>((first + p) % columns) * kPatchSide;
    for (Index i = 0; i < kPatchValues; ++i) {
      const PatchPlace place = place_of(static_cast<std::size_t>(i));
      const int sample = 3 * (left + place.x) + place.channel;
      patches(p, i) = ygcr.row(top + place.y)[static_cast<std::size_t>(sample)] / 255.0;
    }
  }
  return patches;
}

class ExactGradient {
 public:
  ExactGradient(const LinearDecoder& decoder, const Image& ygcr)
      : ygcr_(ygcr),
        count_(Index{ygcr.width() / kPatchSide} * (ygcr.height() / kPatchSide)),
        w1_(packed(matrix_of(decoder.w1).transpose())),
        w2_(packed(matrix_of(decoder.w2).topRows(kWeighed).transpose())),
        b1_(matrix_of(decoder.b1).transpose()),
        b2_(matrix_of(decoder.b2).topRows(kWeighed).transpose()) {}

  /// The rows of G that its filters' weights look at.
  std::vector<double> work_out() {
    find_mean();
    const BasicPackedMatrix<double> whitening = packed(find_whitening());
    Matrix gradient = Matrix::Zero(kWeighed, kFilters);
    for_each_chunk([&](const Matrix& patches) {
      const Matrix x = product(patches.rowwise() - mean_, whitening);
      const Matrix sums = product(x, w1_).rowwise() + b1_;
      const Matrix h = (1 + (-sums.array()).exp()).inverse();
      const Matrix error = (product(h, w2_).rowwise() + b2_) - x.leftCols(kWeighed);
      gradient.noalias() += error.transpose() * h;
    });
    gradient /= static_cast<double>(count_);
    return {gradient.data(), gradient.data() + gradient.size()};
  }

 private:
  template <typename Use>
  void for_each_chunk(const Use& use) const {
    for (Index first = 0; first < count_; first += kChunk) {
      use(patches_of(ygcr_, first, std::min(kChunk, count_ - first)));
    }
  }

  void find_mean() {
    mean_ = Eigen::RowVectorXd::Zero(kPatchValues);
    for_each_chunk([&](const Matrix& patches) { mean_ += patches.colwise().sum(); });
    mean_ /= static_cast<double>(count_);
  }

  Matrix find_whitening() const {
    Matrix covariance = Matrix::Zero(kPatchValues, kPatchValues);
    for_each_chunk([&](const Matrix& patches) {
      const Matrix centred = patches.rowwise() - mean_;
      covariance.selfadjointView<Eigen::Lower>().rankUpdate(centred.transpose());
    });
    covariance /= static_cast<double>(count_);
    covariance.diagonal().array() += kWhiteningEpsilon;
    // Nothing but the lower triangle is read.
    return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(covariance).operatorInverseSqrt();
  }

  const Image& ygcr_;
  Index count_;
  BasicPackedMatrix<double> w1_;  ///< transposed, as is w2_
  BasicPackedMatrix<double> w2_;
  Eigen::RowVectorXd b1_;
  Eigen::RowVectorXd b2_;
  Eigen::RowVectorXd mean_;
};

}  // namespace

std::vector<double> exact_filter_kurtoses(const LinearDecoder& decoder, const Image& reference) {
  const Image ygcr = to_ygcr(halve(reference));
  return filter_kurtoses(ExactGradient(decoder, ygcr).work_out());
}

}  // namespace gradspace::quality
