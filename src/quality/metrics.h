// The metrics, each made by its own file.
#pragma once

#include <memory>

#include "gradspace/quality.h"

namespace gradspace::quality {

// One line a metric.
std::unique_ptr<QualityMetric> make_gradient_metric(const LinearDecoder& decoder);
std::unique_ptr<QualityMetric> make_unique_metric(const LinearDecoder& decoder);
std::unique_ptr<QualityMetric> make_psnr_metric();
std::unique_ptr<QualityMetric> make_ssim_metric();

}  // namespace gradspace::quality
