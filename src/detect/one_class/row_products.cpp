#include "detect/one_class/row_products.h"

namespace gradspace {

PanelMatrix::PanelMatrix(std::size_t rows, std::size_t columns, std::span<const float> values)
    : rows_(rows), columns_(columns) {
  for (std::size_t first = 0; first < columns; first += kPanelColumns) {
    Panel panel{first, std::min(kPanelColumns, columns - first), rows, values_.size()};
    const auto row_of_panel = [&](std::size_t k) {
      return values.subspan(k * columns + first, panel.columns);
    };
    while (panel.rows > 0 && std::ranges::all_of(row_of_panel(panel.rows - 1),
                                                 [](float value) { return value == 0; })) {
      --panel.rows;
    }
    for (std::size_t k = 0; k < panel.rows; ++k) {
      const auto row = row_of_panel(k);
      values_.insert(values_.end(), row.begin(), row.end());
    }
    panels_.push_back(panel);
  }
  values_.shrink_to_fit();
}

void PanelMatrix::multiply(std::size_t count, const float* left, float* products) const {
  for (const Panel& panel : panels_) {
    matrix_product(count, panel.columns, panel.rows, {left, rows_, 1}, values_.data() + panel.place,
                   panel.columns, products + panel.first, columns_);
  }
}

}  // namespace gradspace
