#include "gradspace/train_members.h"

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/one_at_a_time.h"
#include "core/options.h"
#include "core/output_path.h"
#include "core/parallel.h"

namespace gradspace {
namespace {

TrainOptions member_options(TrainOptions options, std::size_t member, std::size_t count) {
  options.seed = member_seed(options.seed, member);
  options.checkpoint = member_checkpoint(options.checkpoint, member);
  if (count > 1 && !options.log_folder.empty()) {
    options.log_folder /= fmt::format("member-{}", member);
  }
  return options;
}

/// One observer of all members; calls it by one thread at a time.
class MembersObserver {
 public:
  MembersObserver(const TrainObserver& observer, std::size_t count)
      : observer_(observer), images_done_(count) {}

  /// Has the other members stop, each after its step.
  void note_failure() { failed_ = true; }

  /// For the member's own training; of functions that the observer lacks it has none.
  TrainObserver of_member(std::size_t member) {
    TrainObserver own;
    if (observer_.on_step) {
      own.on_step = [this, member](const TrainProgress& progress) { step(member, progress); };
    }
    if (observer_.on_epoch) {
      own.on_epoch = [this](const EpochRecord& record) {
        alone_([&] { observer_.on_epoch(record); });
      };
    }
    own.stop_requested = [this] { return failed_ || stop_requested(); };
    return own;
  }

 private:
  void step(std::size_t member, const TrainProgress& progress) {
    alone_([&] {
      images_done_[member] = progress.images_done;
      TrainProgress all = progress;
      all.images_done = 0;
      for (const std::size_t done : images_done_) {
        all.images_done += done;
      }
      all.images_total *= images_done_.size();
      observer_.on_step(all);
    });
  }

  bool stop_requested() {
    bool requested = false;
    if (observer_.stop_requested) {
      alone_([&] { requested = observer_.stop_requested(); });
    }
    return requested;
  }

  const TrainObserver& observer_;
  OneAtATime alone_;
  std::vector<std::size_t> images_done_;  ///< by member
  std::atomic<bool> failed_{false};
};

}  // namespace

std::filesystem::path member_checkpoint(const std::filesystem::path& checkpoint,
                                        std::size_t member) {
  return member == 0 || checkpoint.empty()
             ? checkpoint
             : path_with_suffix(checkpoint, fmt::format(".member-{}", member));
}

bool MembersResult::all_began() const {
  return std::ranges::all_of(members,
                             [](const TrainResult& member) { return member.best_epoch > 0; });
}

MembersResult train_members(const AutoencoderSpec& spec, const ImageStore& train,
                            const ImageStore& validation,
                            const TrainingBackendFactory& make_backend, const TrainOptions& options,
                            std::size_t count, const TrainObserver& observer) {
  OptionCheck("train")(count >= 1 && count <= kMaxMembers, "members", count,
                       fmt::format("1 to {}", kMaxMembers));
  MembersResult result;
  result.members.resize(count);
  MembersObserver watched(observer, count);
  parallel_for(count, [&](std::size_t member) {
    // A thread that waits for a part of one member's step must not begin another member meanwhile.
    tbb::this_task_arena::isolate([&] {
      try {
        const TrainOptions own = member_options(options, member, count);
        const auto backend = make_backend(initialise(spec, own.seed), own);
        result.members[member] =
            train_autoencoder(spec, train, validation, *backend, own, watched.of_member(member));
      } catch (...) {
        watched.note_failure();
        throw;
      }
    });
  });
  std::vector<Model> models;
  for (TrainResult& member : result.members) {
    models.push_back(std::exchange(member.model, {}));
    result.stopped = result.stopped || member.stopped;
  }
  result.model = join_members(std::move(models));
  return result;
}

bool are_trained_by(const Model& model, const AutoencoderSpec& spec, const ImageStore& train,
                    const ImageStore& validation, const TrainOptions& options, std::size_t count) {
  if (model.members() != count) {
    return false;
  }
  for (std::size_t member = 0; member < count; ++member) {
    if (!is_trained_by(member_of(model, member), spec, train, validation,
                       member_options(options, member, count))) {
      return false;
    }
  }
  return true;
}

}  // namespace gradspace
