#include "experiment/quality_benchmark/published.h"

namespace gradspace {
namespace {

constexpr const char* kPaper = "Kwon et al., ICIP 2019";
/// Its PSNR and SSIM are of luma.
constexpr const char* kTid2013 = "Ponomarenko et al., TID2013, 2015";

}  // namespace

std::vector<PublishedAgreement> published_agreements(std::string_view database) {
  if (database == "tid2013") {
    return {{"gradient", 0.865, {}, {}, {}, kPaper}, {"unique", 0.860, 0.870, 0.60, 0.639, kPaper},
            {"FSIMc", 0.851, {}, {}, {}, kTid2013},  {"MSSIM", 0.787, {}, {}, {}, kTid2013},
            {"psnr", 0.640, {}, {}, {}, kTid2013},   {"ssim", 0.637, {}, {}, {}, kTid2013}};
  }
  if (database == "live-md") {
    return {{"gradient", 0.887, {}, {}, {}, kPaper}, {"unique", 0.867, 0.897, 8.35, 0.0, kPaper}};
  }
  return {};
}

}  // namespace gradspace
