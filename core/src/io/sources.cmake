# Sources for reading and writing files, relative to the folder of the core library

# those that know nothing of labels, blocks and tensor maps
set(METATENSOR_FORMAT_SOURCES
    src/io/archive_members.cpp
    src/io/array_io.cpp
    src/io/content_kind.cpp
    src/io/crc32.cpp
    src/io/file.cpp
    src/io/inflate.cpp
    src/io/info_json.cpp
    src/io/input_stream.cpp
    src/io/labels_content.cpp
    src/io/npy.cpp
    src/io/npy_header_parser.cpp
    src/io/sink.cpp
    src/io/source.cpp
    src/io/strided.cpp
    src/io/zip_directory.cpp
    src/io/zip_reader.cpp
    src/io/zip_writer.cpp
)

set(METATENSOR_IO_SOURCES
    src/io/block_io.cpp
    src/io/labels_io.cpp
    src/io/serialization_c.cpp
    src/io/tensor_io.cpp
)
