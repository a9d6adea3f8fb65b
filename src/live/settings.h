// All that a configuration file says: of the monitor, and of what stands around it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gradspace/monitor.h"

namespace gradspace::live {

struct HttpSettings {
  bool enabled = true;
  std::string listen = "127.0.0.1:8477";  ///< address:port, [address]:port; port 0: any free one
  std::filesystem::path token_file = {};  ///< its first line is what clients must know
  std::string token_environment = {};     ///< or the variable that holds it
  std::vector<std::string> hosts = {};    ///< names of this server that requests may bear
  bool https = false;  ///< a proxy puts TLS before it: cookies are for https alone
  int connections = 256;
  int connections_per_peer = 64;
  std::uint64_t frame_bytes = std::uint64_t{32} << 20;  ///< of an image that is posted
  double events_per_second = 4;                         ///< how often a page hears of each camera
};

/// A program that is run for every alarm. Never a shell.
struct CommandSettings {
  std::vector<std::string> arguments = {};  ///< the first is the program; empty: none
  double timeout_s = 30;
};

struct WebhookSettings {
  std::string url = {};                    ///< http or https; empty: none
  std::filesystem::path secret_file = {};  ///< what deliveries are signed with
  std::filesystem::path ca_file = {};      ///< certificates that are trusted; empty: the system's
  double timeout_s = 10;
};

struct MqttSettings {
  std::string broker = {};  ///< tcp://host:port or ssl://host:port; empty: none
  std::string topic = "gradspace";
  std::string client = {};  ///< empty: made of the host's name
  std::string user = {};
  std::filesystem::path password_file = {};
  std::filesystem::path ca_file = {};
  double timeout_s = 10;
};

struct SyslogSettings {
  bool enabled = false;
  std::string name = "gradspace-monitor";
};

struct OutputSettings {
  CommandSettings command;
  WebhookSettings webhook;
  MqttSettings mqtt;
  SyslogSettings syslog;
  int waiting = 1000;  ///< alarms at most that wait for each output
};

struct Settings {
  MonitorOptions monitor;
  HttpSettings http;
  OutputSettings outputs;
};

}  // namespace gradspace::live
