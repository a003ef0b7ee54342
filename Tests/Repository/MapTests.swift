import Foundation
import LatheTestSupport
import Testing

/// CONTRIBUTING's map of the house against Package.swift.
@Suite struct MapTests {
  @Test func theMapIsTheDependencyLists() throws {
    let map = try Self.map()
    let package = try Self.package()
    #expect(map.count >= 14)
    #expect(Set(map.keys) == Set(package.keys), "the modules differ")
    for (module, imports) in map {
      #expect(
        package[module] == imports,
        "\(module): CONTRIBUTING says \(imports.sorted()), Package.swift \(package[module]?.sorted() ?? [])")
    }
  }

  @Test func everySourceImportsOnlyWhatTheMapAllows() throws {
    for (module, allowed) in try Self.map() {
      let folder = Repository.path(module == "Passes" ? "Passes" : "Sources/\(module)")
      let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
      #expect(files.contains { $0.hasSuffix(".swift") }, "\(module) has no source")
      for file in files where file.hasSuffix(".swift") {
        let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
        for match in text.matches(of: /(?m)^(?:\w+ )?import Lathe(\w+)/) {
          #expect(allowed.contains(String(match.1)), "\(module)/\(file) imports Lathe\(match.1)")
        }
      }
    }
  }

  @Test func eachLibraryInCHasOneImporter() throws {
    var importers: [String: Set<String>] = [:]
    for module in try Self.map().keys {
      let folder = Repository.path(module == "Passes" ? "Passes" : "Sources/\(module)")
      for file in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? []
      where file.hasSuffix(".swift") {
        let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
        for match in text.matches(of: /(?m)^(\w+ )?import (C[A-Z]\w+)/) {
          importers[String(match.2), default: []].insert(module)
          #expect(match.1 == "internal " || match.1 == "package ", "\(module)/\(file) re-exports \(match.2)")
        }
      }
    }
    for (library, modules) in importers { #expect(modules.count == 1, "\(library) is imported by \(modules.sorted())") }
  }

  /// Module → what it may import, from the table.
  private static func map() throws -> [String: Set<String>] {
    let text = try String(contentsOfFile: Repository.path("CONTRIBUTING.md"), encoding: .utf8)
    var map: [String: Set<String>] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| ") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard cells.count == 5, cells[1] != "module" else { continue }
      map[cells[1]] = Set(
        cells[3].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty })
    }
    return map
  }

  /// Module → house modules it depends on, from the manifest's text.
  private static func package() throws -> [String: Set<String>] {
    let text = try String(contentsOfFile: Repository.path("Package.swift"), encoding: .utf8)
    var modules: [String: Set<String>] = [:]
    for match in text.matches(of: /(?m)^    module\(\s*"(\w+)"(?:, path: "\w+")?(?:, \[([^\]]*)\])?/) {
      modules[String(match.1)] = Set((match.2 ?? "").matches(of: /"(\w+)"/).map { String($0.1) })
    }
    let executable = try #require(text.range(of: "name: \"LatheCommandLine\""))
    let list = text[executable.upperBound...].prefix { $0 != "]" }
    modules["CommandLine"] = Set(list.matches(of: /"Lathe(\w+)"/).map { String($0.1) })
    return modules
  }
}
