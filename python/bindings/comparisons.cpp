// Image quality of files: pairs, videos, whole folders, databases of opinions; and the training of the decoder.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "conversions.h"
#include "gradspace/compare_folders.h"
#include "gradspace/decoder_training.h"
#include "gradspace/error.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/output_lock.h"
#include "gradspace/quality.h"
#include "gradspace/research/quality_benchmark.h"
#include "gradspace/score_pairs.h"
#include "gradspace/score_video.h"
#include "job.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

std::filesystem::path path_of(const std::string& bytes) {
  return bytes;
}

py::list texts_of(const std::vector<std::string>& lines) {
  py::list result;
  for (const std::string& line : lines) {
    result.append(text_of(line));
  }
  return result;
}

/// Metrics by name, with the decoder of a file where one is named.
struct MetricsOfFiles {
  std::vector<std::string> names;
  std::optional<LinearDecoder> decoder;
  QualityMetrics metrics;

  MetricsOfFiles(std::vector<std::string> metric_names, const std::string& decoder_file)
      : names(std::move(metric_names)) {
    if (!decoder_file.empty()) {
      decoder = load_decoder(decoder_file);
    }
    metrics = make_quality_metrics(names, decoder ? &*decoder : nullptr);
  }
};

double value_or_nan(const std::optional<double>& value) {
  return value.value_or(std::nan(""));
}

/// Columns of scores, an array a metric.
class ScoreColumns {
 public:
  explicit ScoreColumns(std::size_t metrics) : columns_(metrics) {}

  void add(const std::vector<MetricScore>& scores) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      columns_[i].push_back(value_or_nan(scores.empty() ? std::nullopt : scores[i].value));
    }
  }

  py::dict by_name(const std::vector<std::string>& names) const {
    py::dict result;
    for (std::size_t i = 0; i < names.size(); ++i) {
      result[text_of(names[i])] =
          py::array_t<double>(static_cast<py::ssize_t>(columns_[i].size()), columns_[i].data());
    }
    return result;
  }

 private:
  std::vector<std::vector<double>> columns_;
};

PairList pair_list(const std::vector<std::pair<std::string, std::string>>& pairs,
                   const std::string& list_file) {
  if (!list_file.empty()) {
    return pairs_of_csv(list_file);
  }
  PairList list;
  for (const auto& [reference, distorted] : pairs) {
    list.pairs.push_back({reference, distorted});
  }
  return list;
}

/// `list_file`: a CSV of pairs, or empty.
py::dict score_pairs_of(const std::vector<std::pair<std::string, std::string>>& pairs,
                        const std::string& list_file, const std::vector<std::string>& metric_names,
                        const std::string& decoder, int threads, const py::object& watcher) {
  PairList list;
  std::vector<PairScore> scores;
  Job job(watcher);
  job.run([&] {
    const MetricsOfFiles metrics(metric_names, decoder);
    list = pair_list(pairs, list_file);
    ScorePairsOptions options;
    options.threads = threads;
    const auto on_pair = [&](std::size_t, const PairScore& score) {
      if (score.ok()) {
        for (const std::string& line : metric_failures(score, metric_names)) {
          job.tell("failure", line);
        }
      } else {
        job.tell("failure", score.failure);
      }
      scores.push_back(score);
    };
    score_pairs(metrics.metrics, list.pairs, on_pair, options, job.observer());
  });
  py::list references;
  py::list distorted;
  ScoreColumns columns(metric_names.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    references.append(text_of(list.pairs[i].reference.native()));
    distorted.append(text_of(list.pairs[i].distorted.native()));
    columns.add(scores[i].scores);
  }
  py::dict result;
  result["reference"] = references;
  result["distorted"] = distorted;
  result["scores"] = columns.by_name(metric_names);
  return result;
}

py::object pooled_of(const ScorePool& pool) {
  const std::optional<PooledScore> pooled = pool.pooled();
  if (!pooled) {
    return py::none();
  }
  return py::make_tuple(pooled->frames, pooled->mean, pooled->harmonic_mean, pooled->minimum,
                        pooled->maximum, pooled->worst_frame);
}

py::dict score_video_of(const std::string& reference, const std::string& distorted,
                        const std::vector<std::string>& metric_names, const std::string& decoder,
                        int every, int threads, const py::object& watcher) {
  std::vector<std::uint64_t> frames;
  std::vector<ScorePool> pools;
  ScoreColumns columns(metric_names.size());
  Job job(watcher);
  job.run([&] {
    const MetricsOfFiles metrics(metric_names, decoder);
    for (const std::string& name : metric_names) {
      pools.emplace_back(quality_metric_info(name));
    }
    const auto on_frame = [&](const FrameScore& frame) {
      frames.push_back(frame.frame);
      columns.add(frame.score.scores);
      for (std::size_t i = 0; i < pools.size() && frame.score.ok(); ++i) {
        if (frame.score.scores[i].value) {
          pools[i].add(frame.frame, *frame.score.scores[i].value);
        }
      }
    };
    ScoreVideoOptions options;
    options.threads = threads;
    options.every = every;
    const VideoScoreResult result =
        score_video(metrics.metrics, reference, distorted, on_frame, options, job.observer());
    for (const std::string& line : {result.failure, result.remark}) {
      if (!line.empty()) {
        job.tell("failure", line);
      }
    }
  });
  py::dict pooled;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    pooled[text_of(metric_names[i])] = pooled_of(pools[i]);
  }
  py::dict result;
  result["frames"] =
      py::array_t<std::uint64_t>(static_cast<py::ssize_t>(frames.size()), frames.data());
  result["scores"] = columns.by_name(metric_names);
  result["pooled"] = pooled;
  return result;
}

CompareFoldersOptions comparison_options(const Settings& settings) {
  CompareFoldersOptions options;
  settings.take_parsed("references", options.references, path_of);
  std::vector<std::string> folders;
  settings.take("folders", folders);
  options.folders.assign(folders.begin(), folders.end());
  settings.take("metrics", options.metrics);
  settings.take_parsed("decoder", options.decoder, path_of);
  settings.take("hidden", options.source.hidden);
  std::vector<std::pair<std::string, std::vector<std::string>>> curves;
  settings.take("curves", curves);
  for (const auto& [name, paths] : curves) {
    options.curves.push_back({name, {paths.begin(), paths.end()}});
  }
  settings.take("anchor", options.anchor);
  settings.take_parsed("interpolation", options.interpolation, parse_rate_interpolation);
  settings.take_parsed("out", options.out, path_of);
  settings.take("threads", options.threads);
  options.validate();
  return options;
}

std::shared_ptr<FolderComparison> compare_folders_of(const py::dict& values,
                                                     const py::object& watcher) {
  const CompareFoldersOptions options = comparison_options(Settings(values));
  auto comparison = std::make_shared<FolderComparison>();
  Job job(watcher);
  job.run([&] {
    *comparison = compare_folders(
        options,
        [&](const FolderComparison&, const ComparedPair&) {
          // the observer is told of failures
        },
        job.observer());
    for (const ComparedFolder& folder : comparison->folders) {
      for (const std::string& line : folder.unmatched) {
        job.tell("failure", line);
      }
    }
  });
  return comparison;
}

/// By metric: images, mean, median, worst, and the worst image's path.
py::list summaries_of(const FolderComparison& comparison, const ComparedFolder& folder) {
  py::list result;
  for (const std::optional<QualitySummary>& summary : folder.scores) {
    if (summary) {
      result.append(py::make_tuple(summary->images, summary->mean, summary->median, summary->worst,
                                   text_of(comparison.pairs[summary->worst_pair].distorted)));
    } else {
      result.append(py::none());
    }
  }
  return result;
}

py::list folders_of(const FolderComparison& comparison) {
  py::list result;
  for (const ComparedFolder& folder : comparison.folders) {
    result.append(py::make_tuple(text_of(folder.name), text_of(folder.path.native()), folder.images,
                                 folder.failed, folder.incomplete, texts_of(folder.unmatched),
                                 folder.bytes, folder.bits_per_pixel,
                                 summaries_of(comparison, folder)));
  }
  return result;
}

/// Columns of the images that were scored: folder, reference, distorted, bytes, bpp, and "scores".
py::dict pairs_of(const FolderComparison& comparison) {
  py::list folder, reference, distorted;
  std::vector<std::uint64_t> bytes;
  std::vector<double> bits_per_pixel;
  std::vector<std::vector<double>> scores(comparison.metrics.size());
  for (const ComparedPair& pair : comparison.pairs) {
    if (!pair.scored()) {
      continue;
    }
    folder.append(text_of(comparison.folders[pair.folder].name));
    reference.append(text_of(pair.reference));
    distorted.append(text_of(pair.distorted));
    bytes.push_back(pair.bytes);
    bits_per_pixel.push_back(pair.bits_per_pixel);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i].push_back(value_or_nan(pair.scores[i]));
    }
  }
  py::dict result;
  result["folder"] = folder;
  result["reference"] = reference;
  result["distorted"] = distorted;
  result["bytes"] = bytes;
  result["bpp"] = bits_per_pixel;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    result[text_of(comparison.metrics[i])] = scores[i];
  }
  return result;
}

py::list curves_of(const FolderComparison& comparison) {
  py::list result;
  for (const RateCurve& curve : comparison.curves) {
    py::list folders;
    for (const std::size_t folder : curve.folders) {
      folders.append(text_of(comparison.folders[folder].name));
    }
    result.append(py::make_tuple(text_of(curve.name), folders));
  }
  return result;
}

py::list bd_rates_of(const FolderComparison& comparison) {
  py::list result;
  for (const CurveComparison& row : comparison.comparisons) {
    const RateComparison& means = row.of_means;
    result.append(py::make_tuple(
        text_of(comparison.curves[row.curve].name), text_of(comparison.metrics[row.metric]),
        row.images, row.compared, row.mean_bd_rate, row.lowest_bd_rate, row.highest_bd_rate,
        text_of(row.refusal), means.bd_rate, means.bd_quality, text_of(means.refusal)));
  }
  return result;
}

QualityBenchmarkOptions benchmark_options(const Settings& settings) {
  QualityBenchmarkOptions options;
  settings.take("database", options.database);
  settings.take_parsed("path", options.path, path_of);
  settings.take_parsed("out", options.out, path_of);
  settings.take("metrics", options.metrics);
  settings.take_parsed("decoder", options.decoder, path_of);
  settings.take("larger_is_better", options.larger_is_better);
  settings.take("resamples", options.agreement.resamples);
  settings.take("confidence", options.agreement.confidence);
  settings.take("seed", options.agreement.seed);
  settings.take("threads", options.threads);
  options.validate();
  return options;
}

/// The table for people.
py::str run_benchmark(const py::dict& values, const py::object& watcher) {
  const QualityBenchmarkOptions options = benchmark_options(Settings(values));
  std::string table;
  Job job(watcher);
  job.run([&] { table = quality_benchmark_table(run_quality_benchmark(options, job.observer())); });
  return text_of(table);
}

DecoderTrainingOptions decoder_options(const Settings& settings) {
  DecoderTrainingOptions options;
  settings.take("patches", options.patches);
  settings.take("iterations", options.iterations);
  settings.take("max_side", options.max_side);
  settings.take("rho", options.rho);
  settings.take("decay", options.decay);
  settings.take("beta", options.beta);
  settings.take("seed", options.seed);
  settings.take_parsed("checkpoint", options.checkpoint, path_of);
  settings.take("resume", options.resume);
  settings.take("threads", options.threads);
  options.validate();
  return options;
}

/// Writes the decoder's file, and gives its loss: reconstruction, decay, sparsity, and the number of iterations.
py::tuple train_decoder_on(const Source& photographs, const std::string& out,
                           const py::dict& values, const py::object& watcher) {
  const DecoderTrainingOptions options = decoder_options(Settings(values));
  DecoderTrainingResult result;
  Job job(watcher);
  job.run([&] {
    const OutputLock lock = OutputLock::of_file(out);
    DecoderTrainingObserver observer;
    observer.on_photo = [&](std::size_t done, std::size_t total) {
      job.progress(done, total, "photographs read");
    };
    observer.on_iteration = [&](int iteration, int iterations, const DecoderLossValue&) {
      job.progress(static_cast<std::size_t>(iteration), static_cast<std::size_t>(iterations),
                   "iterations");
    };
    observer.stop_requested = [&] { return job.stop_requested(); };
    result = train_decoder(photographs, options, observer);
    for (const std::string& line : result.failures) {
      job.tell("failure", line);
    }
    if (!result.stopped) {
      save_decoder(out, result.decoder);
    }
  });
  return py::make_tuple(result.loss.reconstruction, result.loss.decay, result.loss.sparsity,
                        result.iterations);
}

}  // namespace

void bind_comparisons(py::module_& module) {
  module.def("score_pairs", &score_pairs_of);
  module.def("score_video", &score_video_of);
  py::class_<FolderComparison, std::shared_ptr<FolderComparison>>(module, "FolderComparison")
      .def_property_readonly("metrics", [](const FolderComparison& c) { return c.metrics; })
      .def_property_readonly("folders", &folders_of)
      .def_property_readonly("pairs", &pairs_of)
      .def_property_readonly("curves", &curves_of)
      .def_property_readonly("anchor",
                             [](const FolderComparison& c) -> py::object {
                               return c.anchor ? py::object(text_of(c.curves[*c.anchor].name))
                                               : py::none();
                             })
      .def_property_readonly("bd_rates", &bd_rates_of)
      .def("table", [](const FolderComparison& c) { return text_of(folder_comparison_table(c)); });
  module.def("compare_folders", &compare_folders_of);
  module.def("quality_benchmark", &run_benchmark);
  module.def("train_decoder", &train_decoder_on);
}

}  // namespace gradspace::python
