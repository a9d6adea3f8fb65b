// Sums of arrays in a fixed order, whoever adds which of them.
//
// The arrays 0, 1, ..., n - 1 are the leaves of a tree that depends on n alone: of a node with several leaves, the
// left child has the largest power of two under their number. A float32 sum taken along the tree has the same bits
// wherever its nodes were added.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace gradspace::gradient {

/// A node, by its leaves [begin, end).
struct TreeNode {
  std::size_t begin = 0;
  std::size_t end = 0;

  friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

/// Where the right child of a node with several leaves begins.
inline std::size_t middle_of(const TreeNode& node) {
  return node.begin + std::bit_floor(node.end - node.begin - 1);
}

/// Appends the largest nodes under `node` whose leaves are all within `part`, from left to right.
inline void add_nodes_within(const TreeNode& node, const TreeNode& part,
                             std::vector<TreeNode>& nodes) {
  if (node.begin >= part.end || node.end <= part.begin) {
    return;
  }
  if (node.begin >= part.begin && node.end <= part.end) {
    nodes.push_back(node);
    return;
  }
  const std::size_t middle = middle_of(node);
  add_nodes_within({node.begin, middle}, part, nodes);
  add_nodes_within({middle, node.end}, part, nodes);
}

/// The sum at `node`, of the values [first, first + out.size()) of each array. `array_of(node)` is a pointer to an
/// array that is known already, as those of leaves are, and null of any other node.
template <class ArrayOf>
void sum_tree(const ArrayOf& array_of, const TreeNode& node, std::size_t first,
              std::span<float> out) {
  if (const float* const array = array_of(node)) {
    std::copy_n(array + first, out.size(), out.begin());
    return;
  }
  const std::size_t middle = middle_of(node);
  sum_tree(array_of, TreeNode{node.begin, middle}, first, out);
  const TreeNode right{middle, node.end};
  if (const float* const array = array_of(right)) {
    std::transform(out.begin(), out.end(), array + first, out.begin(), std::plus<>());
    return;
  }
  std::vector<float> sum(out.size());
  sum_tree(array_of, right, first, sum);
  std::transform(out.begin(), out.end(), sum.begin(), out.begin(), std::plus<>());
}

}  // namespace gradspace::gradient
