// Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.4).
//
// Written here, as the libraries at hand hide their state: a run could not be continued from a file.
// All that outlives an iteration is float32, so that tensors of that type hold it exactly, and a run
// that goes on from them takes the same course.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace gradspace {

class Lbfgs {
 public:
  /// The value at x; also sets the gradient, of x's size. The same x gives the same result. A value
  /// that is not finite counts as too high.
  using Function = std::function<double(std::span<const float> x, std::span<float> gradient)>;

  /// What one iteration taught of the curvature.
  struct Pair {
    std::vector<float> step;    ///< of x
    std::vector<float> change;  ///< of the gradient
  };
  using Memory = std::deque<Pair>;  ///< the latest last
  static constexpr std::size_t kMemory = 20;

  /// Evaluates the start. `memory` is a former run's, or empty.
  Lbfgs(Function function, std::vector<float> start, Memory memory = {});

  /// False when no lower value is found along the gradient: at a minimum, as far as float32 tells.
  bool iterate();

  const std::vector<float>& x() const { return here_.x; }
  double value() const { return here_.value; }
  const Memory& memory() const { return memory_; }
  int evaluations() const { return evaluations_; }

 private:
  struct Point {
    std::vector<float> x;
    std::vector<float> gradient;
    double value = 0;
  };

  Point at(std::vector<float> x);
  std::vector<double> direction() const;
  std::optional<Point> search(const std::vector<double>& direction, double first_length);
  void remember(const Point& next);

  Function function_;
  int evaluations_ = 0;
  Point here_;
  Memory memory_;
};

}  // namespace gradspace
