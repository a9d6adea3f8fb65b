#include "cli/quality_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/iqa_arguments.h"
#include "gradspace/error.h"

namespace gradspace::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<std::string> kScored{"psnr", "gmsd", "ssim"};

TEST(QualityGate, IsOfTheFirstMetricOrByName) {
  EXPECT_THAT(parse_quality_gates("0.95", kScored), ElementsAre(QualityGate{0, 0.95}));
  EXPECT_THAT(parse_quality_gates("-1e3", kScored), ElementsAre(QualityGate{0, -1000}));
  EXPECT_THAT(parse_quality_gates("ssim=0.9,gmsd=0.1", kScored),
              ElementsAre(QualityGate{2, 0.9}, QualityGate{1, 0.1}));
  EXPECT_THAT(parse_quality_gates("30,ssim=0.9", kScored),
              ElementsAre(QualityGate{0, 30}, QualityGate{2, 0.9}));
}

TEST(QualityGate, RefusesEverythingElse) {
  for (const char* text :
       {"", "high", "nan", "inf", "1x", "ssim", "ssim=", "ssim=x", "=1", "vsi=1", "SSIM=1", "1,2",
        "ssim=1,ssim=2", "1,psnr=2", "ssim=1,", ",1", "1,,gmsd=1", "ssim=1=2", " 1"}) {
    EXPECT_THROW(parse_quality_gates(text, kScored), InvalidArgument) << text;
  }
  EXPECT_THAT([] { parse_quality_gates("vsi=1", kScored); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("'vsi' is not one of the metrics that are scored: psnr, gmsd, ssim")));
}

TEST(QualityGate, NamedCurves) {
  const NamedCurve curve = parse_named_curve("my=codec=out/a,out/b");
  EXPECT_EQ(curve.name, "my");
  EXPECT_THAT(curve.folders, ElementsAre("codec=out/a", "out/b"));
  for (const char* text : {"", "x", "=a", "x=", "x=a,", "x=,a", "x=a,,b"}) {
    EXPECT_THROW(parse_named_curve(text), InvalidArgument) << text;
  }
}

}  // namespace
}  // namespace gradspace::cli
